// till run, till ingest.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/file_run.h"
#include "cli/input_files.h"
#include "cli/output.h"
#include "cli/watch.h"

namespace cli {
namespace {

// Of several files each is named, and the first thing that is wrong with one is the exit code.
int follow(Session& session, const GlobalOptions& global, const std::vector<InputFile>& files, uint64_t rejected_max) {
  Interruption interruption(session.env());
  int exit_code = kOk;
  std::string list;
  for (const InputFile& file : files) {
    if (files.size() > 1 && !global.json) print_line(fmt::format("{}{}:", list.empty() ? "" : "\n", file.name));
    FileRun run(session, interruption, global.json, rejected_max);
    const FileReport report = run.follow(file);
    if (exit_code == kOk || report.exit_code == kInterrupted) exit_code = report.exit_code;
    if (report.exit_code == kInterrupted) break;
    if (!report.is_followed) continue;
    if (global.json && files.size() == 1) print_line("{" + report.json + "}");
    list += fmt::format("{}{{\"file\":{},{}}}", list.empty() ? "" : ",", json_text(file.name), report.json);
    run.reported();
  }
  if (global.json && files.size() > 1) print_line("{\"files\":[" + list + "]}");
  return exit_code;
}

// What the options name, before anything is made for it; then what is to be done with it.
class Work {
 public:
  // kUsage, or the exit code of a failure; the user is told.
  int prepare(const RunOptions& options) {
    if (options.files.empty() == options.watch.empty()) {
      print_error("either FILEs or --watch DIR");
      return kUsage;
    }
    auto files = input_files(options.files);
    if (!files.has_value()) return tell_failure("", files.error());
    files_ = std::move(*files);
    if (options.watch.empty()) return kOk;
    auto directory = os::DirectoryWatch::make(options.watch);
    if (!directory.has_value()) {
      print_error(directory.error());
      return kFailed;
    }
    directory_.emplace(std::move(*directory));
    return kOk;
  }
  // Standard input, which is read when there is somebody to take it.
  int read() {
    if (const auto done = read_standard_input(files_); !done.has_value()) return tell_failure("", done.error());
    return kOk;
  }
  int carry_out(Session& session, const GlobalOptions& global, const RunOptions& options) {
    if (!directory_.has_value()) return follow(session, global, files_.files, options.rejected_max);
    return watch(session, global, options, *directory_);
  }

 private:
  InputFiles files_;
  std::optional<os::DirectoryWatch> directory_;
};

}  // namespace

int ingest(const GlobalOptions& global, const RunOptions& options) {
  Work work;
  if (const int wrong = work.prepare(options); wrong != kOk) return wrong;
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  if (const int other = check_same_definition(*session); other != kOk) return other;
  if (const int wrong = work.read(); wrong != kOk) return wrong;
  return work.carry_out(*session, global, options);
}

int run(const GlobalOptions& global, const UpOptions& up, const RunOptions& options) {
  if (const int wrong = check_up(global, up); wrong != kOk) return wrong;
  Work work;
  if (const int wrong = work.prepare(options); wrong != kOk) return wrong;
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::makes);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(up, *session); wrong != kOk) return wrong;
  if (const int wrong = work.read(); wrong != kOk) return wrong;
  const int made = make_stack(
      *session, up, [](const pipeline::Plan&) {},
      [&](const pipeline::Step& step) {
        if (!global.json && step.what != "unchanged")
          print_line(fmt::format("{} {}: {}", step.kind, step.name, step.what));
      });
  if (made != kOk) return made;
  return work.carry_out(*session, global, options);
}

}  // namespace cli
