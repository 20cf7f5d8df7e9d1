#include "cli/file_run.h"

#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/tally_text.h"

namespace cli {
namespace {

double per_second(const Followed& followed) {
  return followed.seconds > 0 ? static_cast<double>(followed.tally.read) / followed.seconds : 0;
}

// The object's members, without braces.
std::string json_of(Followed& followed) {
  pipeline::Tally& tally = followed.tally;
  const bool any = !tally.latencies_ms.empty();
  const auto milliseconds = [&](unsigned percent) {
    return any ? std::to_string(percentile(tally.latencies_ms, percent)) : std::string("null");
  };
  std::string extra;
  if (tally.by_earlier_uploads != 0) extra = fmt::format(",\"by_interrupted_runs\":{}", tally.by_earlier_uploads);
  if (!followed.upload_error.empty()) extra += ",\"error\":" + json_text(followed.upload_error);
  return fmt::format("{},\"orders_per_second\":{:.1f},\"latency_ms\":{{\"p50\":{},\"p99\":{}}}{}", tally_json(tally),
                     per_second(followed), milliseconds(50), milliseconds(99), extra);
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

// The exit code for what became of the file's orders; if that is not kOk, the user is told why.
int judge(const std::string& file, const Followed& followed, uint64_t rejected_max) {
  if (!followed.upload_error.empty()) {
    print_error(file + ": " + followed.upload_error);
    return kFailed;
  }
  const pipeline::Tally& tally = followed.tally;
  if (tally.missing != 0) {
    print_error(fmt::format("{} orders are missing; the dead-letter queue holds {} messages", tally.missing,
                            followed.dead_letters));
    return kCheckFailed;
  }
  const uint64_t rejected = quarantined(tally) + tally.refused_before;
  if (tally.read != 0 && rejected == tally.read) {
    print_error("every order of the file was refused; `till quarantine list` shows why");
    return kCheckFailed;
  }
  if (rejected <= rejected_max) return kOk;
  print_error(fmt::format("{} orders were refused, and --max-rejected is {}; `till quarantine list` shows why",
                          rejected, rejected_max));
  return kCheckFailed;
}

}  // namespace

int tell_failure(const std::string& file, const base::AwsError& error) {
  if (error.code == "Local") {  // of this machine and not of a service; the message names what
    print_error(error.message);
    return kFailed;
  }
  if (error.code != "Interrupted") return print_failure(file, error);
  print_error("interrupted: " + error.message);
  return kInterrupted;
}

FileRun::FileRun(Session& session, Interruption& interruption, bool json, uint64_t rejected_max)
    : follower_(session.services(), session.env(), session.stack(), session.definition(), interruption),
      json_(json),
      rejected_max_(rejected_max) {}

FileReport FileRun::follow(const InputFile& file, const std::string& key) {
  auto followed = follower_.follow(file, json_, key);
  if (!followed.has_value()) return {.exit_code = tell_failure(file.name, followed.error()), .tally = {}};
  FileReport report{.exit_code = judge(file.name, *followed, rejected_max_), .is_followed = true, .tally = {}};
  if (!json_) print_summary(*followed);
  report.json = json_of(*followed);
  report.tally = std::move(followed->tally);
  return report;
}

}  // namespace cli
