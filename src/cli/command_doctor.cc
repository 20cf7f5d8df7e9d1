// till doctor.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "aws/http/shown_url.h"
#include "cli/connection.h"
#include "cli/data_directory.h"
#include "cli/definition_file.h"
#include "cli/email_options.h"
#include "cli/exit_code.h"
#include "cli/local_engine.h"
#include "cli/machine_commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/stage_code.h"
#include "cli/version.h"
#include "cli/written_endpoint.h"
#include "os/data_directory.h"
#include "os/env.h"
#include "os/http_transport.h"
#include "os/machine.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = 1024 * 1024;

enum class State { ok, warn, fail };

struct Finding {
  State state = State::ok;
  std::string about;
  std::string found;
  std::string advice = {};  // what to do; empty where nothing has to be done
};

class Findings {
 public:
  void ok(std::string about, std::string found) { add({State::ok, std::move(about), std::move(found)}); }
  void warn(std::string about, std::string found, std::string advice) {
    add({State::warn, std::move(about), std::move(found), std::move(advice)});
  }
  void fail(std::string about, std::string found, std::string advice) {
    add({State::fail, std::move(about), std::move(found), std::move(advice)});
  }
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  [[nodiscard]] std::ptrdiff_t count(State state) const { return std::ranges::count(all_, state, &Finding::state); }

 private:
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  std::vector<Finding> all_;
};

void look_at_clock(Findings& findings) {
  const std::string now = base::format_iso8601_seconds(os::WallClock().now());
  if (std::string_view(now).substr(0, kReleaseDate.size()) < kReleaseDate)
    return findings.fail("clock", fmt::format("it shows {}, before this program was made ({})", now, kReleaseDate),
                         "set it (timedatectl set-ntp true): signatures are judged by it, and so are certificates");
  const auto kept = os::clock_is_kept_right();
  if (kept == false)
    return findings.warn("clock", now + "; nothing keeps it right",
                         "run a time service (systemd-timesyncd, chrony): AWS refuses signatures that are more than 5 "
                         "minutes off");
  findings.ok("clock", now + (kept.has_value() ? ", kept right by a time service" : ""));
}

void look_at_port(Findings& findings, uint16_t port, const std::string& engine_here) {
  const std::string about = fmt::format("port {}", port);
  const auto holder = os::port_holder(port);
  if (!holder.has_value())
    return findings.fail(about, holder.error(), "take another one: till serve --port 0 chooses a free one");
  if (!holder->has_value()) return findings.ok(about, "free");
  const std::string who = (*holder)->pid == 0 ? "a process of another user"
                                              : fmt::format("{}, process {}", (*holder)->program, (*holder)->pid);
  if (engine_here.ends_with(fmt::format(":{}", port)))
    return findings.ok(about, "the engine that serves the data directory has it: " + who);
  findings.warn(about, "in use by " + who,
                "end that, or take another one: till serve --port 0 chooses a free one and prints it");
}

void look_at_limits(Findings& findings) {
  constexpr uint64_t kThreads = 59;  // an engine's at its start
  constexpr uint64_t kFiles = 4096;
  // With 1 GiB threads fail under the first orders: each reserves its stack, and an arena of 64 MiB.
  constexpr uint64_t kAddressLeast = 1400 * kMiB;
  constexpr uint64_t kAddress = 4096 * kMiB;
  constexpr uint64_t kMemoryLeast = 256 * kMiB;
  const os::Limits limits = os::read_limits();
  const auto text = [](uint64_t limit) { return limit == os::kNoLimit ? "no limit" : std::to_string(limit); };
  if (limits.open_files < kOpenFilesLeast)
    findings.fail("open files", text(limits.open_files),
                  fmt::format("an engine with its functions needs {}, and more with clients: raise the hard limit "
                              "(ulimit -Hn; LimitNOFILE= of a service)",
                              kOpenFilesLeast));
  else if (limits.open_files < kFiles)
    findings.warn("open files", text(limits.open_files),
                  "raise the hard limit (ulimit -Hn; LimitNOFILE= of a service): connections are refused above it");
  else
    findings.ok("open files", text(limits.open_files));
  const uint64_t tasks = std::min(limits.processes, limits.tasks_left);
  if (tasks < kThreads)
    findings.fail("processes and threads", text(tasks),
                  fmt::format("an engine needs {} at its start, functions more: raise ulimit -u, or pids.max of the "
                              "container (TasksMax= of a service)",
                              kThreads));
  else if (tasks < 4 * kThreads)
    findings.warn("processes and threads", text(tasks), "few for functions that run side by side: raise ulimit -u");
  else
    findings.ok("processes and threads", text(tasks));
  if (limits.file_bytes != os::kNoLimit)
    findings.warn("size of files", fmt::format("at most {} bytes", limits.file_bytes),
                  "lift it (ulimit -f unlimited): the engine stops when its store cannot grow");
  if (limits.address_bytes < kAddress) {
    const std::string found = fmt::format("at most {} MiB of addresses for a process", limits.address_bytes / kMiB);
    const std::string advice =
        "lift it (ulimit -v unlimited; LimitAS= of a service): threads reserve far more than they use";
    if (limits.address_bytes < kAddressLeast)
      findings.fail("address space", found, advice + ", and an engine does not get those that it needs");
    else
      findings.warn("address space", found, advice);
  }
  if (limits.memory_bytes < kMemoryLeast)
    findings.warn("memory", fmt::format("{} MiB are available", limits.memory_bytes / kMiB),
                  "an engine with its functions takes about 310 MiB at full load");
  else
    findings.ok("memory", limits.memory_bytes == os::kNoLimit ? "no limit is known"
                                                              : fmt::format("{} MiB", limits.memory_bytes / kMiB));
}

void look_at_sync(Findings& findings, const std::string& place) {
  constexpr double kSlow = 0.025;
  constexpr double kTooFast = 0.000'01;
  const auto seconds = os::sync_seconds(place);
  if (!seconds.has_value()) return findings.ok("sync", "not measured: it needs a file without a name (O_TMPFILE)");
  const std::string found = fmt::format("{:.2f} ms for 4 KiB in {}", *seconds * 1000, place);
  if (*seconds > kSlow)
    findings.warn("sync", found, "every acknowledged write waits for one: take a faster disk with --data");
  else if (*seconds < kTooFast)
    findings.warn("sync", found,
                  "no disk is so fast: what this one acknowledges may not be written; use a disk that honours fsync");
  else
    findings.ok("sync", found);
}

// Whether this user may do with what is in the data directory what an engine does.
bool look_into(Findings& findings, const std::string& directory) {
  const std::string closed = os::closed_path(directory, "run-");
  if (closed.empty()) {
    const std::string foreign = os::foreign_user(directory);
    if (!foreign.empty()) findings.warn("data directory", directory, foreign);
    return foreign.empty();
  }
  findings.fail("data directory", fmt::format("you may not read and write {}", closed),
                fmt::format("be the user that {} belongs to, give it to this one (chown -R), or name another directory "
                            "with --data",
                            directory));
  return false;
}

void look_at_disk(Findings& findings, const std::string& directory) {
  constexpr uint64_t kLeast = 256 * kMiB;
  constexpr uint64_t kFew = 1024 * kMiB;
  const auto ours = has_data(directory);
  if (!ours.has_value())
    return findings.fail("data directory", ours.error(), "name another one with --data or TILL_DATA");
  if (!*ours || look_into(findings, directory))
    findings.ok("data directory", directory + (*ours ? "" : ", which is still to be made"));
  fs::path place = directory;
  std::error_code error;
  while (!fs::is_directory(place, error) && place.has_relative_path()) place = place.parent_path();
  const auto disk = os::disk_at(place.string());
  if (!disk.has_value()) return findings.fail("disk", disk.error(), "name another directory with --data");
  const std::string found = fmt::format("{} MiB free on {}", disk->free_bytes / kMiB, disk->kind);
  if (!disk->is_writable)
    return findings.fail("disk", fmt::format("you may not write to {}", place.string()),
                         "change its owner, or name another directory with --data");
  if (disk->free_bytes < kLeast)
    findings.fail("disk", found,
                  "make room: the engine takes no more data when the disk is nearly full, and stops when it is full");
  else if (disk->is_memory)
    findings.warn("disk", found, "that is memory, gone when the machine is: keep data elsewhere, by --data");
  else if (disk->is_remote)
    findings.warn("disk", found,
                  "its syncs and locks are as good as what is behind it: a local disk keeps what is promised");
  else if (disk->free_bytes < kFew)
    findings.warn("disk", found, "little: the engine takes no more data when the disk is nearly full");
  else
    findings.ok("disk", found);
  look_at_sync(findings, place.string());
}

void look_at_interpreter(Findings& findings, const char* name, std::string_view version_begins) {
  constexpr const char* kAdvice = "install it if functions of your own need it; the pipeline's own do not";
  const auto program = os::find_program(name);
  if (!program.has_value()) return findings.warn(name, "not in PATH", kAdvice);
  const auto version = os::version_of(*program);
  if (!version.has_value()) return findings.warn(name, fmt::format("{}: {}", *program, version.error()), kAdvice);
  if (!version->starts_with(version_begins))
    return findings.warn(name, fmt::format("{} says \"{}\" to --version", *program, *version), kAdvice);
  findings.ok(name, fmt::format("{}, {}", *program, *version));
}

void look_at_interpreters(Findings& findings) {
  look_at_interpreter(findings, "python3", "Python 3.");
  look_at_interpreter(findings, "node", "v");
}

void look_at_proc(Findings& findings) {
  if (os::has_proc()) return;
  findings.fail("/proc", "not mounted",
                "mount it (mount -t proc proc /proc): the engine sees there how much memory a function uses, and "
                "starts none without");
}

// Whether anything that this user has set up cannot do without TLS.
bool needs_authorities(const Places& places, const std::optional<DefinitionFile>& file) {
  if (places.endpoint.value == "aws" || places.endpoint.value.starts_with("https://")) return true;
  if (!file.has_value()) return false;
  const pipeline::EmailSettings& email = file->definition.email;
  return email.smtp.starts_with("smtps://") || (!email.smtp.empty() && email.starttls);
}

void look_at_authorities(Findings& findings, const GlobalOptions& global, const std::optional<DefinitionFile>& file) {
  const Places places = find_places(global, file);
  // As make_transport() has it: with an engine of this machine's no profile's counts.
  const auto found = os::check_authorities(places.endpoint.value.empty() ? "" : places.profile.value("ca_bundle"));
  if (found.has_value()) return findings.ok("certificates", *found);
  const char* advice = "AWS, webhooks and mail need TLS";
  if (needs_authorities(places, file))
    findings.fail("certificates", found.error(), advice);
  else
    findings.warn("certificates", found.error(), advice);
}

// Why a package that the definition names cannot be had, or empty.
std::string code_fault(const DefinitionFile& file) {
  if (file.definition.stack.functions_package.has_value())
    if (const auto read = read_functions_package(file); !read.has_value()) return read.error();
  for (const pipeline::Stage& stage : file.definition.stages)
    if (stage.code.has_value())
      if (const auto read = read_stage_code(file, stage); !read.has_value()) return read.error();
  return {};
}

std::optional<DefinitionFile> look_at_definition(Findings& findings, const std::string& named) {
  auto file = load_definition(named);
  if (!file.has_value()) {
    findings.fail("definition", file.error(), "mend the file; `till config show` says what holds then");
    return std::nullopt;
  }
  if (const std::string fault = file->has_value() ? code_fault(**file) : ""; !fault.empty()) {
    findings.fail("definition", fault, "put the code there, or take the key out: no pipeline can be made without it");
    return *file;
  }
  findings.ok("definition", file->has_value() ? (*file)->path : "no till.toml: the original's rules hold");
  if (const auto mail = email_options(*file); !mail.has_value())
    findings.fail("e-mail", mail.error(), "set both or neither: no engine starts with one of them");
  if (const auto root = RootCredentials::from_environment(); !root.has_value())
    findings.fail("root key", root.error(), "set both or neither: no engine starts so, and no command asks one");
  return *file;
}

std::string setting_text(const Setting& setting) {
  return aws::http::without_user(setting.value) + (setting.origin.empty() ? "" : " (" + setting.origin + ")");
}

// Whether the credentials of a command at AWS or a named engine can be had, as a command asks for them.
void look_at_credentials(Findings& findings, const GlobalOptions& global, Places places, os::HttpTransport& transport) {
  if (places.region.value.empty()) places.region.value = "us-east-1";  // that it is missing is told already
  os::SystemEnv system;
  const auto root = RootCredentials::from_environment();
  const auto connection = Connection::make(system, transport, global, places,
                                           {.url = places.endpoint.value, .root = root.value_or(RootCredentials())});
  if (!connection.has_value())
    return findings.fail("credentials", connection.error().message,
                         "docs/connecting.md says where they are looked for");
  findings.ok("credentials", "access key " + (*connection)->access_key_id());
}

// The engine that has the data directory.
struct Engine {
  std::string url;                   // empty: none answers
  std::optional<pid_t> silent = {};  // who has it and does not answer; 0: it does not say who it is
};

// One that is starting or ending has the data before or after it answers; that passes.
Engine find_engine(const std::string& directory) {
  constexpr auto kPatience = std::chrono::seconds(3);
  constexpr auto kPause = std::chrono::milliseconds(50);
  const auto transport = os::HttpTransport::make();
  if (!transport.has_value()) return {};
  os::SystemEnv system;
  const base::Timestamp end = system.env().clock.now() + kPatience;
  while (true) {
    if (const WrittenEndpoint written = read_endpoint(directory); answers(**transport, written)) return {written.url};
    const auto holder = store::holder_of(directory + "/store");
    if (!holder.has_value() || system.env().clock.now() >= end) return {"", holder};
    base::pause(system.env(), kPause);
  }
}

void look_at_engine(Findings& findings, const Engine& engine) {
  if (!engine.silent.has_value()) return;
  const std::string who = *engine.silent == 0 ? "another process" : fmt::format("process {}", *engine.silent);
  findings.fail("engine", who + " has the data directory and does not answer",
                *engine.silent == 0
                    ? std::string("end it: nothing else can use the data")
                    : fmt::format("let it go on if it was stopped (kill -CONT {0}), or end it (kill {0}): nothing else "
                                  "can use the data",
                                  *engine.silent));
}

// What is nothing to an engine of this machine, and is in the way of what follows AWS.
void look_at_profile(Findings& findings, const NamedProfile& profile) {
  constexpr const char* kAdvice = "commands at AWS and the AWS CLI fail so; an engine here does not ask";
  if (!profile.fault.empty()) return findings.warn("profile", profile.fault, kAdvice);
  if (profile.origin.empty() || profile.files.profile(profile.name) != nullptr) return;
  findings.warn("profile", profile.not_found(), kAdvice);
}

// Where commands work, and by whose keys.
void look_at_endpoint(Findings& findings, const GlobalOptions& global, const std::optional<DefinitionFile>& file,
                      const Engine& engine) {
  const Places places = find_places(global, file);
  if (places.region.value.empty())
    findings.fail("region", "none is named, and AWS has no default", "set AWS_REGION, or name it by --region");
  else
    findings.ok("region", setting_text(places.region));
  const std::string& url = places.endpoint.value;
  if (url.empty()) look_at_profile(findings, places.profile);
  if (url.empty())
    return engine.silent.has_value()
               ? findings.warn("endpoint", "the engine that has the data directory, which does not answer",
                               "see above; or name another one (--endpoint)")
               : findings.ok("endpoint", engine.url.empty()
                                             ? "none: commands open the data directory themselves"
                                             : engine.url + ", the engine that serves the data directory");
  const auto transport = make_transport(global, places);
  if (!transport.has_value())
    return findings.fail("endpoint", transport.error(), "docs/connecting.md says what can be set");
  look_at_credentials(findings, global, places, **transport);
  if (url == "aws") return findings.ok("endpoint", "AWS (" + places.endpoint.origin + ")");
  const auto endpoint = aws::http::parse_endpoint(url);
  if (!endpoint.has_value())
    return findings.fail("endpoint", setting_text(places.endpoint) + " is none",
                         "write http://host:port or https://host:port, without a path, a user or a password");
  const auto answer = (*transport)->round_trip(*endpoint, {"GET", "/_till/health", {}, {}}, std::chrono::seconds(3));
  if (answer.has_value()) return findings.ok("endpoint", setting_text(places.endpoint) + " answers");
  findings.fail("endpoint", setting_text(places.endpoint) + ": " + answer.error().message,
                "start the engine there (till serve), or take the setting away");
}

void print(const Findings& findings) {
  for (const Finding& each : findings.all()) {
    const char* state = each.state == State::ok ? "ok  " : each.state == State::warn ? "warn" : "FAIL";
    std::string found = each.found;
    for (std::size_t at = found.find('\n'); at != std::string::npos; at = found.find('\n', at + 1))
      found.replace(at, 1, "\n" + std::string(29, ' '));
    print_line(fmt::format("{}  {:<21}  {}", state, each.about, found));
    if (!each.advice.empty()) print_line(fmt::format("{:<29}{}", "", each.advice));
  }
  print_line(findings.count(State::fail) != 0   ? "Something stands in the way."
             : findings.count(State::warn) != 0 ? "Nothing stands in the way; see the warnings."
                                                : "Nothing stands in the way.");
}

void print_json(const Findings& findings) {
  std::string checks;
  for (const Finding& each : findings.all()) {
    const char* state = each.state == State::ok ? "ok" : each.state == State::warn ? "warn" : "fail";
    checks += fmt::format(R"({}{{"about":{},"state":"{}","found":{},"advice":{}}})", checks.empty() ? "" : ",",
                          json_text(each.about), state, json_text(each.found),
                          each.advice.empty() ? "null" : json_text(each.advice));
  }
  print_line(fmt::format(R"({{"version":"{}","ok":{},"warnings":{},"failures":{},"checks":[{}]}})", kVersion,
                         findings.count(State::fail) == 0, findings.count(State::warn), findings.count(State::fail),
                         checks));
}

}  // namespace

int doctor(const GlobalOptions& global, uint16_t port) {
  Findings findings;
  const std::string directory = absolute_directory(global.data_directory);
  const Engine engine = find_engine(directory);
  look_at_clock(findings);
  look_at_port(findings, port, engine.url);
  look_at_limits(findings);
  look_at_proc(findings);
  look_at_disk(findings, directory);
  look_at_engine(findings, engine);
  const auto file = look_at_definition(findings, global.file);
  look_at_endpoint(findings, global, file, engine);
  look_at_authorities(findings, global, file);
  look_at_interpreters(findings);
  if (global.json)
    print_json(findings);
  else
    print(findings);
  return findings.count(State::fail) == 0 ? kOk : kCheckFailed;
}

}  // namespace cli
