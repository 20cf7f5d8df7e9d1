#include "pipeline/patience.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/stack_resource.h"

namespace pipeline {
namespace {

constexpr base::Duration kPauseFirst = std::chrono::milliseconds(20);
constexpr base::Duration kPauseMax = std::chrono::seconds(2);
constexpr base::Duration kToldAfter = std::chrono::milliseconds(500);
constexpr base::Duration kToldAgain = std::chrono::seconds(30);

std::string seconds_text(base::Duration duration) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

base::AwsError interrupted() {
  return {.code = std::string(kInterrupted), .message = "what was done until now stays"};
}

}  // namespace

// One wait: it begins with the first refusal, which is when it is made.
class Patience::Wait {
 public:
  explicit Wait(Patience& patience) : patience_(patience), begun_(patience.env_.clock.now()) {}

  [[nodiscard]] base::Duration waited() const { return patience_.env_.clock.now() - begun_; }

  // Pauses, each time up to twice as long as before; between three quarters and all of that, so that who began together
  // does not go on together. False after a signal.
  bool pause(std::string_view reason) {
    if (waited() >= told_at_ && patience_.hooks_.tell) {
      const std::string so_far = told_at_ == kToldAfter ? "" : " (for " + seconds_text(waited()) + " now)";
      const std::string separator = patience_.subject_.empty() ? "" : ": ";
      patience_.hooks_.tell(patience_.subject_ + separator + std::string(reason) + so_far);
      told_at_ = (told_at_ == kToldAfter ? base::Duration() : told_at_) + kToldAgain;
    }
    const auto quarter = static_cast<uint64_t>(next_.count()) / 4;
    const base::Duration now = next_ - base::Duration(base::random_below(patience_.env_.random, quarter + 1));
    next_ = std::min(next_ * 2, kPauseMax);
    return patience_.pause(now);
  }

 private:
  Patience& patience_;
  const base::Timestamp begun_;
  base::Duration next_ = kPauseFirst;
  base::Duration told_at_ = kToldAfter;
};

bool Patience::pause(base::Duration how_long) {
  if (hooks_.pause) return hooks_.pause(how_long);
  base::pause(env_, how_long);
  return true;
}

base::Result<void> Patience::check() {
  if (hooks_.pause && !hooks_.pause(base::Duration())) return base::fail(interrupted());
  return {};
}

base::Result<void> Patience::wait_until(const std::string& what, const std::function<base::Result<bool>()>& ready,
                                        base::Duration at_most) {
  Wait wait(*this);
  while (true) {
    TRY_ASSIGN(const bool done, ready());
    if (done) return {};
    if (wait.waited() >= at_most)
      return base::fail({.code = "Timeout",
                         .message = fmt::format("{} has not come in {}; the same command goes on from here", what,
                                                seconds_text(wait.waited()))});
    if (!wait.pause(what)) return base::fail(interrupted());
  }
}

base::Result<void> Patience::call(std::string_view operation, const std::function<base::Result<void>()>& call,
                                  const std::function<std::optional<NotYet>(const base::AwsError&)>& refused) {
  std::optional<Wait> wait;
  while (true) {
    base::Result<void> result = call();
    if (result.has_value()) return result;
    const auto why = refused(result.error());
    if (!why.has_value()) return result;
    if (!wait.has_value()) wait.emplace(*this);
    if (wait->waited() >= why->patience) {
      base::AwsError error = result.error();
      error.message =
          fmt::format("{}: {} ({} was given {} to pass; the same command goes on from here)", operation,
                      error.message.empty() ? error.code : error.message, why->reason, seconds_text(wait->waited()));
      return base::fail(std::move(error));
    }
    if (!wait->pause(why->reason)) return base::fail(interrupted());
  }
}

base::Result<void> Patience::read(std::string_view operation, const std::function<base::Result<void>()>& call) {
  return this->call(operation, call, [](const base::AwsError& error) -> std::optional<NotYet> {
    if (!is_absent(error)) return std::nullopt;
    return NotYet{"the service has not heard of it everywhere yet", std::chrono::minutes(1)};
  });
}

}  // namespace pipeline
