// Patience: waits for what AWS grants in a while (not_yet.h), in pauses that grow from 20 ms to 2 s, says what for when
// it takes longer than a moment, and ends with a signal. Owned by who waits; used from one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "pipeline/not_yet.h"

namespace pipeline {

// How waits show and end; empty ones do nothing and let the clock pass.
struct WaitHooks {
  // "function shop-ingest: Lambda cannot assume its role yet"; once for each wait of more than half a second, and every
  // half minute from then on.
  std::function<void(const std::string& what)> tell = {};
  // Lets the time pass; false if the user wants the command to end. Zero only asks.
  std::function<bool(base::Duration)> pause = {};
  // False: a service that fails (5xx) does not mend itself, as that of a command's own engine.
  bool waits_for_failures = true;
};

// The code of what a signal has ended.
inline constexpr std::string_view kInterrupted = "Interrupted";

class Patience {
 public:
  static constexpr base::Duration kStatesMax = std::chrono::minutes(5);

  // `env` outlives this object.
  Patience(base::Env& env, WaitHooks hooks) : env_(env), hooks_(std::move(hooks)) {}

  [[nodiscard]] bool waits_for_failures() const { return hooks_.waits_for_failures; }
  // What is being worked on from now on: "function shop-ingest". It stands before the reason in what is told.
  void begin(std::string subject) { subject_ = std::move(subject); }
  // kInterrupted once the user wants the command to end.
  base::Result<void> check();
  // Asks `ready` until it answers true. Fails with its error, with kInterrupted, or after `at_most` with "Timeout".
  base::Result<void> wait_until(const std::string& what, const std::function<base::Result<bool>()>& ready,
                                base::Duration at_most = kStatesMax);
  // Makes the call until it succeeds or fails for good. `refused` says which failure is none; after its patience the
  // failure comes back with how long was waited, and what for.
  base::Result<void> call(std::string_view operation, const std::function<base::Result<void>()>& call,
                          const std::function<std::optional<NotYet>(const base::AwsError&)>& refused);
  // The same for a call that reads what was made or seen just now, of which a part of the service may not have heard.
  base::Result<void> read(std::string_view operation, const std::function<base::Result<void>()>& call);

 private:
  class Wait;
  bool pause(base::Duration how_long);

  base::Env& env_;
  const WaitHooks hooks_;
  std::string subject_;
};

}  // namespace pipeline
