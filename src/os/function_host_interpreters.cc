#include "os/function_host_interpreters.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "os/child_process.h"
#include "os/runtime_clients/runtime_clients.h"

namespace os {

using runtime::StartError;

namespace {

constexpr int kAnswerWaitMs = 10'000;  // of an interpreter, on a machine that has other things to do
constexpr std::size_t kAnswerBytesMax = 16 * 1024;

// What a Python says about itself: which program it is and whether AWS's own runtime client can be imported.
constexpr const char* kPythonQuestion =
    "import sys, importlib.util as u; "
    "print(sys.executable); print(sys.version_info[0]); print(u.find_spec('awslambdaric') is not None)";

bool is_regular_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_executable_file(const std::string& path) {
  return is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
}

// Everything a short-lived program writes; nullopt if it fails, writes too much or takes too long.
std::optional<std::string> output_of(const ChildSpec& spec) {
  auto child = spawn_child(spec);
  if (!child) return std::nullopt;
  std::string out;
  bool ended = false;
  std::array<char, 4096> piece;
  while (!ended && out.size() <= kAnswerBytesMax) {
    pollfd readable{child->output.get(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, kAnswerWaitMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    const ssize_t got = ::read(child->output.get(), piece.data(), piece.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    ended = got <= 0;
    if (got > 0) out.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (!ended) ::kill(-child->pid, SIGKILL);
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return out;
}

// Whole or not at all, and the same for everybody who starts a function at this moment.
bool write_client(const std::string& path, std::string_view source) {
  std::error_code ignored;
  if (std::filesystem::file_size(path, ignored) == source.size() && !ignored) return true;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const std::string unfinished = path + ".new";
  const FileDescriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return false;
  while (!source.empty()) {
    const ssize_t written = ::write(file.get(), source.data(), source.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    source.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::rename(unfinished.c_str(), path.c_str()) == 0;
}

// Beside the directories of the code, so that it goes with them.
std::string client_path(const runtime::FunctionSpec& spec, const char* name) {
  return (std::filesystem::path(spec.code_directory).parent_path() / "runtime" / name).string();
}

// Managed runtimes are started by the script that this variable names, if it is set (Lambda Developer Guide, "Modifying
// the runtime environment"): it gets the interpreter and its arguments.
Launch wrapped(const runtime::FunctionSpec& spec, Launch launch) {
  const auto wrapper =
      std::ranges::find(spec.environment, "AWS_LAMBDA_EXEC_WRAPPER", &std::pair<std::string, std::string>::first);
  if (wrapper == spec.environment.end() || wrapper->second.empty()) return launch;
  constexpr std::string_view kTaskRoot = "/var/task/";
  std::string program = wrapper->second;
  if (program.starts_with(kTaskRoot)) program = spec.code_directory + program.substr(kTaskRoot.size() - 1);
  launch.arguments.insert(launch.arguments.begin(), launch.program);
  return Launch{std::move(program), std::move(launch.arguments), wrapper->second};
}

std::unexpected<StartError> invalid_entrypoint(std::string message) {
  return std::unexpected(StartError{"Runtime.InvalidEntrypoint", std::move(message)});
}

}  // namespace

std::optional<std::string> Interpreters::find_in_path(const std::string& name) const {
  std::string_view rest = path_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate(rest.substr(0, end));
    candidate.append("/").append(name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (candidate.starts_with('/') && is_executable_file(candidate)) return candidate;
  }
  return std::nullopt;
}

std::optional<Interpreters::Found> Interpreters::ask_python(const std::string& name) {
  const auto program = find_in_path(name);
  if (!program) return std::nullopt;
  ChildSpec question;
  question.program = *program;
  question.arguments = {"-c", kPythonQuestion};
  question.environment.push_back(std::string("PATH=").append(path_));
  question.environment.push_back(std::string("HOME=").append(home_));
  question.working_directory.push_back('/');
  question.file_size_bytes_max = 1 << 20;
  const auto answer = output_of(question);
  if (!answer) return std::nullopt;
  const std::size_t first = answer->find('\n');
  if (first == std::string::npos || !answer->substr(first).starts_with("\n3\n")) return std::nullopt;
  Found found{answer->substr(0, first), answer->ends_with("\nTrue\n")};
  if (!is_executable_file(found.program)) return std::nullopt;
  return found;
}

const Interpreters::Found* Interpreters::python(const std::string& name) {
  auto known = pythons_.find(name);
  if (known == pythons_.end() || (known->second && !is_executable_file(known->second->program))) {
    known = pythons_.insert_or_assign(name, ask_python(name)).first;
  }
  return known->second ? &*known->second : nullptr;
}

std::expected<Launch, StartError> Interpreters::launch_python(const runtime::FunctionSpec& spec) {
  const std::scoped_lock lock(mutex_);
  const Found* found = python(spec.runtime);  // "python3.12", if this machine has that very version
  if (found == nullptr) found = python("python3");
  if (found == nullptr) {
    pythons_.clear();
    return invalid_entrypoint(
        fmt::format("The runtime {} needs a python3 on this machine, and none that runs was found in the engine's "
                    "PATH ({})",
                    spec.runtime, path_));
  }
  if (found->has_aws_client) return Launch{found->program, {"-m", "awslambdaric", spec.handler}, found->program};
  const std::string client = client_path(spec, "python_client.py");
  if (!write_client(client, python_client_source())) return invalid_entrypoint("Cannot write " + client);
  // -u: what a function prints without a line feed is out when it is killed, as with AWS's client.
  return Launch{found->program, {"-u", client, spec.handler}, found->program};
}

std::expected<Launch, StartError> Interpreters::launch_node(const runtime::FunctionSpec& spec) {
  const std::scoped_lock lock(mutex_);
  auto node = find_in_path("node");
  if (!node) node = find_in_path("nodejs");
  if (!node) {
    return invalid_entrypoint(
        fmt::format("The runtime {} needs a node on this machine, and none was found in the engine's PATH ({})",
                    spec.runtime, path_));
  }
  const std::string client = client_path(spec, "node_client.cjs");
  if (!write_client(client, node_client_source())) return invalid_entrypoint("Cannot write " + client);
  return Launch{*node, {client, spec.handler}, *node};
}

std::expected<Launch, StartError> Interpreters::launch(const runtime::FunctionSpec& spec) {
  const bool python = spec.runtime.starts_with("python3.");
  if (python || spec.runtime.starts_with("nodejs")) {
    TRY_ASSIGN(Launch launch, python ? launch_python(spec) : launch_node(spec));
    return wrapped(spec, std::move(launch));
  }
  if (!spec.runtime.starts_with("provided")) {
    return std::unexpected(
        StartError{"Runtime.NotSupported", fmt::format("The runtime {} is not supported yet; functions run here if "
                                                       "they are packaged for provided.al2023 with a bootstrap of "
                                                       "their own, or written for python3.* or nodejs*",
                                                       spec.runtime)});
  }
  const std::string bootstrap = spec.code_directory + "/bootstrap";
  if (!is_regular_file(bootstrap)) {  // whether it may be executed is the system's answer
    return invalid_entrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
  return Launch{bootstrap, {}, "/var/task/bootstrap"};
}

}  // namespace os
