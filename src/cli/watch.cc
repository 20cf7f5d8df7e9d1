#include "cli/watch.h"

#include <fmt/format.h>

#include <map>

#include "cli/exit_code.h"
#include "cli/file_run.h"
#include "cli/output.h"
#include "cli/tally_text.h"

namespace cli {
namespace {

constexpr base::Duration kPause = std::chrono::milliseconds(200);  // after which it looks for a signal
constexpr base::Duration kLookAgain = std::chrono::seconds(5);     // for what no event tells of

class Watch {
 public:
  Watch(Session& session, const GlobalOptions& global, const RunOptions& options, os::DirectoryWatch& directory)
      : session_(session), global_(global), options_(options), directory_(directory), interruption_(session.env()) {}

  int run() {
    if (!global_.json) print_line(fmt::format("watching {}; Ctrl-C ends it", options_.watch));
    while (goes_on()) {
      const auto files = directory_.finished();
      if (!files.has_value()) {
        print_error(files.error());
        exit_code_ = kFailed;
        break;
      }
      look_at(*files);
      const base::Timestamp look_again = session_.env().clock.now() + kLookAgain;
      while (goes_on() && !directory_.wait(kPause) && session_.env().clock.now() < look_again) {
      }
    }
    summarise();
    return exit_code_;
  }

 private:
  bool goes_on() { return !interruption_.requested() && !nobody_is_there_ && !output_is_lost(); }

  void look_at(const std::vector<os::FinishedFile>& files) {
    std::map<std::string, std::string> seen;  // of those that are there: what comes again is looked up
    for (const os::FinishedFile& file : files) {
      const auto before = seen_.find(file.name);
      const bool is_new = before == seen_.end() || before->second != file.version;
      // One that changes meanwhile is finished later.
      if (is_new && (!goes_on() || !directory_.is_unchanged(file))) continue;
      seen.emplace(file.name, file.version);
      if (is_new) take(file.name);
    }
    seen_ = std::move(seen);
  }

  void take(const std::string& name) {
    const std::string path = options_.watch + (options_.watch.ends_with('/') ? "" : "/") + name;
    const InputFile file{path, path};
    FileRun run(session_, interruption_, global_.json, options_.rejected_max);
    const auto key = Follower::object_key(file);
    const auto done = key.has_value() ? run.is_done(file, *key) : base::Result<bool>(base::fail(key.error()));
    if (!done.has_value()) return note(tell_failure(path, done.error()));
    if (*done) {
      ++known_;
      return;
    }
    if (!global_.json) print_line(fmt::format("\n{}:", path));
    const FileReport report = run.follow(file, *key);
    note(report.exit_code);
    if (!report.is_followed) return;
    if (global_.json) print_line(fmt::format("{{\"file\":{},{}}}", json_text(path), report.json));
    run.reported();
    ++taken_;
    read_ += report.tally.read;
    accepted_ += report.tally.accepted;
    refused_ += quarantined(report.tally);
    duplicates_ += report.tally.duplicates;
    missing_ += report.tally.missing;
  }

  void note(int exit_code) {
    if (exit_code == kOk) return;
    ++bad_;
    if (exit_code == kUnreachable) nobody_is_there_ = true;
    if (exit_code_ == kOk || exit_code == kInterrupted || exit_code == kUnreachable) exit_code_ = exit_code;
  }

  void summarise() {
    if (global_.json) {
      print_line(
          fmt::format("{{\"files\":{},\"known\":{},\"with_trouble\":{},\"read\":{},\"accepted\":{},"
                      "\"quarantined\":{},\"duplicates\":{},\"missing\":{}}}",
                      taken_, known_, bad_, read_, accepted_, refused_, duplicates_, missing_));
      return;
    }
    print_line(
        fmt::format("\n{} files taken, {} were known, {} with trouble; of {} orders {} accepted, {} quarantined, "
                    "{} duplicates, {} missing",
                    taken_, known_, bad_, read_, accepted_, refused_, duplicates_, missing_));
  }

  Session& session_;
  const GlobalOptions& global_;
  const RunOptions& options_;
  os::DirectoryWatch& directory_;
  Interruption interruption_;
  std::map<std::string, std::string> seen_;  // versions by name
  int exit_code_ = kOk;
  bool nobody_is_there_ = false;
  uint64_t taken_ = 0;
  uint64_t known_ = 0;
  uint64_t bad_ = 0;
  uint64_t read_ = 0;
  uint64_t accepted_ = 0;
  uint64_t refused_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t missing_ = 0;
};

}  // namespace

int watch(Session& session, const GlobalOptions& global, const RunOptions& options, os::DirectoryWatch& directory) {
  return Watch(session, global, options, directory).run();
}

}  // namespace cli
