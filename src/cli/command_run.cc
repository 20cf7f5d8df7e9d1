// till run, till ingest.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/follow.h"
#include "cli/output.h"
#include "cli/tally_text.h"

namespace cli {
namespace {

double per_second(const Followed& followed) {
  return followed.seconds > 0 ? static_cast<double>(followed.tally.read) / followed.seconds : 0;
}

void print_json(Followed& followed) {
  pipeline::Tally& tally = followed.tally;
  const bool any = !tally.latencies_ms.empty();
  const auto milliseconds = [&](unsigned percent) {
    return any ? std::to_string(percentile(tally.latencies_ms, percent)) : std::string("null");
  };
  std::string extra;
  if (tally.by_earlier_uploads != 0) extra = fmt::format(",\"by_interrupted_runs\":{}", tally.by_earlier_uploads);
  if (!followed.upload_error.empty()) extra += ",\"error\":" + json_text(followed.upload_error);
  print_line(fmt::format("{{{},\"orders_per_second\":{:.1f},\"latency_ms\":{{\"p50\":{},\"p99\":{}}}{}}}",
                         tally_json(tally), per_second(followed), milliseconds(50), milliseconds(99), extra));
}

void print_summary(Followed& followed) {
  pipeline::Tally& tally = followed.tally;
  print_tally(tally);
  print_line(fmt::format("throughput     {:.0f} orders/s", per_second(followed)));
  if (!tally.latencies_ms.empty()) {
    print_line(fmt::format("upload->stored p50 {} ms, p99 {} ms", percentile(tally.latencies_ms, 50),
                           percentile(tally.latencies_ms, 99)));
  }
  if (tally.by_earlier_uploads != 0)
    print_line(fmt::format("{} of these came with the uploads of earlier runs of this file that were interrupted.",
                           tally.by_earlier_uploads));
  if (tally.read != 0 && tally.duplicates == tally.read)
    print_line("Nothing changed: every order of this file had been processed before.");
}

int follow(Session& session, const GlobalOptions& global, const std::string& file) {
  Interruption interruption(session.env());
  Follower follower(session.services(), session.env(), session.stack(), session.definition(), interruption);
  auto followed = follower.follow(file, global.json);
  if (!followed.has_value()) {
    if (followed.error().code == "Local") {  // of this machine and not of a service; the message names what
      print_error(followed.error().message);
      return kFailed;
    }
    if (followed.error().code != "Interrupted") return print_failure(file, followed.error());
    print_error("interrupted: " + followed.error().message);
    return kInterrupted;
  }
  global.json ? print_json(*followed) : print_summary(*followed);
  follower.reported();
  if (!followed->upload_error.empty()) {
    print_error(file + ": " + followed->upload_error);
    return kFailed;
  }
  const pipeline::Tally& tally = followed->tally;
  if (tally.missing != 0) {
    print_error(fmt::format("{} orders are missing; the dead-letter queue holds {} messages", tally.missing,
                            followed->dead_letters));
    return kCheckFailed;
  }
  if (tally.read == 0 || quarantined(tally) + tally.refused_before != tally.read) return kOk;
  print_error("every order of the file was refused; `till tx list --quarantine` shows why");
  return kCheckFailed;
}

}  // namespace

int ingest(const GlobalOptions& global, const std::string& file) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  if (const int other = check_same_definition(*session); other != kOk) return other;
  return follow(*session, global, file);
}

int run(const GlobalOptions& global, const UpOptions& options, const std::string& file) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, NewData::made);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(options, *session); wrong != kOk) return wrong;
  if (const auto checked = check_orders_file(file); !checked.has_value()) {
    print_error(checked.error().message);
    return kFailed;
  }
  const int made = make_stack(
      *session, options, [](const pipeline::Plan&) {},
      [&](const pipeline::Step& step) {
        if (!global.json && step.what != "unchanged")
          print_line(fmt::format("{} {}: {}", step.kind, step.name, step.what));
      });
  if (made != kOk) return made;
  return follow(*session, global, file);
}

}  // namespace cli
