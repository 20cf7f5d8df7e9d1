// Conditions: what all behaviours share: the seed's decisions, what is under way for a while, and whom to tell. Owned
// by LikeAws, outlives the behaviours; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "like_aws/call.h"

namespace like_aws {

// One fault that a caller was given, for a metric and a line of the log. The views are valid during the call.
struct Fault {
  std::string_view service;    // "sqs"
  std::string_view operation;  // "SendMessage"
  std::string_view kind;       // "Throttle": the dimension Fault of the metric
  std::string detail;          // what it was, for people
  std::string_view caller;     // as in Call
  uint64_t count;
  std::string_view account;
  std::string_view region;
  base::Timestamp at;
};

// Decisions of a seed. The same call (service, operation, caller, count) is decided in the same way in each run.
class Chance {
 public:
  explicit Chance(uint64_t seed) : seed_(seed) {}
  // True for `rate` (0 to 1) of all calls. `what` tells decisions of one call apart.
  [[nodiscard]] bool happens(const Call& call, std::string_view what, double rate) const;
  // Uniform in [0, bound); bound > 0.
  [[nodiscard]] uint64_t below(const Call& call, std::string_view what, uint64_t bound) const;
  // Uniform in [min, max].
  [[nodiscard]] base::Duration between(const Call& call, std::string_view what, base::Duration min,
                                       base::Duration max) const;

 private:
  [[nodiscard]] uint64_t draw(const Call& call, std::string_view what) const;
  const uint64_t seed_;
};

// What is under way, by name and until when, on the engine's clock. Kept in memory only: a restart ends it all.
class Delays {
 public:
  // From now on until `until`, or longer if that is so already.
  void begin(std::string_view kind, const std::string& name, base::Timestamp now, base::Timestamp until);
  void end(std::string_view kind, const std::string& name);
  // When it ends; nullopt if it is not under way at `now`.
  [[nodiscard]] std::optional<base::Timestamp> until(std::string_view kind, const std::string& name,
                                                     base::Timestamp now);
  [[nodiscard]] bool runs(std::string_view kind, const std::string& name, base::Timestamp now) {
    return until(kind, name, now).has_value();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, base::Timestamp> ends_;
  std::size_t sweep_at_ = 1024;  // entries, at which those that are over go
};

struct Conditions {
  Conditions(base::Env& environment, uint64_t seed, std::function<void(const Fault&)> told)
      : env(environment), chance(seed), tell_(std::move(told)) {}

  // To be called once for each answer that a behaviour has spoilt, without a lock held.
  void tell(const Call& call, std::string_view kind, std::string detail) const;
  void tell(const Fault& fault) const {
    if (tell_) tell_(fault);
  }
  // tell(), and the error as the call's answer.
  [[nodiscard]] std::unexpected<base::AwsError> refuse(const Call& call, std::string_view kind,
                                                       base::AwsError error) const;
  // Begins a delay whose length the seed decides.
  void delay(const Call& call, std::string_view kind, const std::string& name, base::Duration min, base::Duration max);
  [[nodiscard]] bool delayed(const Call& call, std::string_view kind, const std::string& name) {
    return delays.runs(kind, name, call.context.now);
  }

  base::Env& env;
  const Chance chance;
  Delays delays;

 private:
  const std::function<void(const Fault&)> tell_;
};

}  // namespace like_aws
