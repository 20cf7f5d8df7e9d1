// AlarmDrill: makes the condition of an alarm true and sees whether word of it arrives. Nothing is simulated: the
// process function really fails (or takes its time) on an event made for drills, and a table is really throttled; the
// alarm's notification is read from a queue that the drill subscribes to the alarms' topic. No order is touched, and
// what the drill made is removed again. Used once, from one thread.
#pragma once

#include <string>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "cli/interruption.h"
#include "cli/session.h"

namespace cli {

class AlarmDrill {
 public:
  enum class Kind { error, duration, throttle };
  AlarmDrill(Session& session, bool json);

  // Prints the steps as they happen. Returns the command's exit code: kCheckFailed if the alarm has not gone off and
  // been notified within `timeout` of the services' time, which a virtual clock is moved for.
  int run(Kind kind, base::Duration timeout);

 private:
  enum class Outcome { arrived, late, interrupted };
  [[nodiscard]] bool stack_is_there();
  // What the drill does is not enough for the alarm as it is: why, or empty.
  std::string why_not(Kind kind);
  base::Result<void> prepare();
  base::Result<void> cause(Kind kind);
  base::Result<void> invoke(std::string_view event, bool fails);
  base::Result<void> write_until_throttled();
  base::Result<Outcome> wait(Kind kind, base::Duration timeout);
  base::Result<aws::cloudwatch::MetricAlarm> look();
  // The alarm's state and the reason for it.
  base::Result<std::pair<std::string, std::string>> state();
  // The reason in the alarm's notification, if the queue of the drill has been given it.
  base::Result<std::optional<std::string>> receive_notification();
  bool clean_up();  // false: something is left, and the user was told
  void step(const std::string& text);
  int finish(std::string_view outcome, int exit_code);

  Session& session_;
  pipeline::Stack& stack_;
  const pipeline::Site& site_;
  const bool json_;
  Interruption interruption_;
  const base::Timestamp begun_;
  const std::string name_;  // of whatever the drill makes
  std::string alarm_;
  pipeline::Resources resources_;
  std::string steps_;  // JSON
};

}  // namespace cli
