// till run, till ingest.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

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

// What is to be done if it could not be followed to its end; the user is told why.
int failure_of(const std::string& file, const base::AwsError& error) {
  if (error.code == "Local") {  // of this machine and not of a service; the message names what
    print_error(error.message);
    return kFailed;
  }
  if (error.code != "Interrupted") return print_failure(file, error);
  print_error("interrupted: " + error.message);
  return kInterrupted;
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

// Of several files each is named, and the first thing that is wrong with one is the exit code.
int follow(Session& session, const GlobalOptions& global, const std::vector<std::string>& files,
           uint64_t rejected_max) {
  Interruption interruption(session.env());
  int exit_code = kOk;
  std::string list;
  for (const std::string& file : files) {
    if (files.size() > 1 && !global.json) print_line(fmt::format("{}{}:", list.empty() ? "" : "\n", file));
    Follower follower(session.services(), session.env(), session.stack(), session.definition(), interruption);
    auto followed = follower.follow(file, global.json);
    const int done = followed.has_value() ? judge(file, *followed, rejected_max) : failure_of(file, followed.error());
    if (exit_code == kOk || done == kInterrupted) exit_code = done;
    if (done == kInterrupted) break;
    if (!followed.has_value()) continue;
    const std::string members = json_of(*followed);
    if (!global.json) print_summary(*followed);
    if (global.json && files.size() == 1) print_line("{" + members + "}");
    list += fmt::format("{}{{\"file\":{},{}}}", list.empty() ? "" : ",", json_text(file), members);
    follower.reported();
  }
  if (global.json && files.size() > 1) print_line("{\"files\":[" + list + "]}");
  return exit_code;
}

// Directories give the files in them, by their names, without hidden ones.
base::Result<std::vector<std::string>> files_of(const std::vector<std::string>& named) {
  std::vector<std::string> out;
  for (const std::string& name : named) {
    std::error_code error;
    if (!std::filesystem::is_directory(name, error)) {
      TRY(check_orders_file(name));
      out.push_back(name);
      continue;
    }
    std::vector<std::string> inside;
    std::filesystem::directory_iterator entry(name, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
      if (entry->is_regular_file() && !entry->path().filename().string().starts_with('.'))
        inside.push_back(entry->path().string());
    if (error) return base::fail({.code = "Local", .message = name + ": " + error.message()});
    if (inside.empty()) return base::fail({.code = "Local", .message = name + ": there is no file in it"});
    std::ranges::sort(inside);
    std::ranges::move(inside, std::back_inserter(out));
  }
  for (const std::string& file : out) TRY(check_orders_file(file));
  return out;
}

}  // namespace

int ingest(const GlobalOptions& global, const RunOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  if (const int other = check_same_definition(*session); other != kOk) return other;
  const auto files = files_of(options.files);
  if (!files.has_value()) return failure_of("", files.error());
  return follow(*session, global, *files, options.rejected_max);
}

int run(const GlobalOptions& global, const UpOptions& up, const RunOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, NewData::made);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(up, *session); wrong != kOk) return wrong;
  const auto files = files_of(options.files);
  if (!files.has_value()) return failure_of("", files.error());
  const int made = make_stack(
      *session, up, [](const pipeline::Plan&) {},
      [&](const pipeline::Step& step) {
        if (!global.json && step.what != "unchanged")
          print_line(fmt::format("{} {}: {}", step.kind, step.name, step.what));
      });
  if (made != kOk) return made;
  return follow(*session, global, *files, options.rejected_max);
}

}  // namespace cli
