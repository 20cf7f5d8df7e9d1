#include "os/machine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "os/authorities.h"
#include "os/child_process.h"
#include "os/environment.h"
#include "os/program_output.h"

namespace os {
namespace {

namespace fs = std::filesystem;

uint64_t hard_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return kNoLimit;
  return limit.rlim_max;
}

// Of what nobody raises.
uint64_t soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  return limit.rlim_cur;
}

bool may(const fs::path& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// A number at the beginning of `text`; nullopt for "max".
std::optional<uint64_t> number_in(const std::string& text) {
  std::istringstream in(text);
  uint64_t number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

// This process's group of control groups, version 2; empty if there is none to be seen.
fs::path control_group() {
  std::istringstream groups(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::")) return fs::path("/sys/fs/cgroup") / fs::path(line.substr(3)).relative_path();
  return {};
}

// What the group, and those above it, leave: the least of `limit` less `used`.
uint64_t left_in_groups(const char* limit, const char* used) {
  uint64_t left = kNoLimit;
  for (fs::path group = control_group(); group.string().starts_with("/sys/fs/cgroup"); group = group.parent_path()) {
    const auto most = number_in(read_file(group / limit));
    if (!most.has_value()) continue;
    const uint64_t taken = number_in(read_file(group / used)).value_or(0);
    left = std::min(left, *most > taken ? *most - taken : 0);
  }
  return left;
}

uint64_t available_memory() {
  std::istringstream lines(read_file("/proc/meminfo"));
  for (std::string line; std::getline(lines, line);)
    if (constexpr std::string_view kName = "MemAvailable:"; line.starts_with(kName))
      if (const auto kib = number_in(line.substr(kName.size())); kib.has_value()) return *kib * 1024;
  return kNoLimit;
}

struct FileSystem {
  uint32_t magic;  // statfs(2)
  const char* name;
  bool is_memory;
  bool is_remote;
};
constexpr auto kFileSystems = std::to_array<FileSystem>({
    {0xEF53, "ext4", false, false},
    {0x58465342, "xfs", false, false},
    {0x9123683E, "btrfs", false, false},
    {0x2FC12FC1, "zfs", false, false},
    {0xF2F52010, "f2fs", false, false},
    {0x794C7630, "overlay", false, false},
    {0x01021994, "tmpfs", true, false},
    {0x858458F6, "ramfs", true, false},
    {0x6969, "nfs", false, true},
    {0xFF534D42, "cifs", false, true},
    {0xFE534D42, "smb2", false, true},
    {0x517B, "smb", false, true},
    {0x65735546, "fuse", false, true},
    {0x01021997, "9p", false, true},
    {0x00C36400, "ceph", false, true},
    {0x6A656A63, "virtiofs", false, true},
    {0x4D44, "vfat", false, false},
    {0x5346544E, "ntfs", false, false},
});

// Inodes of the sockets that listen on `port` of loopback or of all addresses, by a table of /proc/net.
void find_listeners(const char* table, uint16_t port, std::vector<std::string>& inodes) {
  std::istringstream lines(read_file(table));
  std::string line;
  std::getline(lines, line);  // the headings
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string state;
    std::string skipped;
    std::string inode;
    fields >> slot >> local >> remote >> state >> skipped >> skipped >> skipped >> skipped >> skipped >> inode;
    constexpr std::string_view kListens = "0A";
    const std::size_t colon = local.find(':');
    if (state != kListens || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) inodes.push_back("socket:[" + inode + "]");
  }
}

PortHolder holder_of(const std::vector<std::string>& inodes) {
  std::error_code error;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", error)) {
    const std::string name = process.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code closed;  // another user's, or it has ended
    for (fs::directory_iterator file(process.path() / "fd", closed); !closed && file != fs::directory_iterator();
         file.increment(closed)) {
      const fs::path target = fs::read_symlink(file->path(), closed);
      if (std::ranges::find(inodes, target.string()) == inodes.end()) continue;
      std::string program = read_file(process.path() / "comm");
      while (!program.empty() && program.back() == '\n') program.pop_back();
      return {std::stoi(name), program};
    }
  }
  return {};
}

struct CloseContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

}  // namespace

std::optional<bool> clock_is_kept_right() {
  timex state{};  // modes 0: only looks
  const int answer = ::adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

Limits read_limits() {
  Limits limits;
  limits.open_files = hard_limit(RLIMIT_NOFILE);
  if (::geteuid() != 0) limits.processes = hard_limit(RLIMIT_NPROC);
  limits.file_bytes = hard_limit(RLIMIT_FSIZE);
  limits.address_bytes = soft_limit(RLIMIT_AS);
  limits.tasks_left = left_in_groups("pids.max", "pids.current");
  limits.memory_bytes = std::min(available_memory(), left_in_groups("memory.max", "memory.current"));
  return limits;
}

std::expected<Disk, std::string> disk_at(const std::string& directory) {
  struct statfs system{};
  struct statvfs space{};
  if (::statfs(directory.c_str(), &system) != 0 || ::statvfs(directory.c_str(), &space) != 0)
    return std::unexpected("the disk of " + directory + " cannot be asked: " + std::strerror(errno));
  Disk disk;
  const auto magic = static_cast<uint32_t>(system.f_type);
  const auto* const known = std::ranges::find(kFileSystems, magic, &FileSystem::magic);
  if (known != kFileSystems.end()) {
    disk.kind = known->name;
    disk.is_memory = known->is_memory;
    disk.is_remote = known->is_remote;
  } else {
    std::ostringstream number;
    number << "0x" << std::hex << magic;
    disk.kind = number.str();
  }
  disk.free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  disk.is_writable = may(directory, W_OK | X_OK);
  return disk;
}

std::optional<double> sync_seconds(const std::string& directory) {
  const FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (file.get() < 0) return std::nullopt;
  constexpr std::size_t kSyncs = 15;
  const std::array<char, 4096> block{};
  std::array<double, kSyncs> seconds{};
  for (double& each : seconds) {
    const auto begun = std::chrono::steady_clock::now();
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file.get()) != 0)
      return std::nullopt;
    each = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  std::ranges::sort(seconds);
  return seconds[kSyncs / 2];
}

std::expected<std::optional<PortHolder>, std::string> port_holder(uint16_t port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // As the engine binds it, so that connections which only linger do not count.
  if (socket.get() < 0 || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return std::unexpected(std::string("no socket can be made: ") + std::strerror(errno));
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return std::nullopt;
  if (errno != EADDRINUSE) return std::unexpected(std::string("it cannot be bound: ") + std::strerror(errno));
  std::vector<std::string> inodes;
  find_listeners("/proc/net/tcp", port, inodes);
  find_listeners("/proc/net/tcp6", port, inodes);
  return holder_of(inodes);
}

bool has_proc() {
  return ::access("/proc/self/status", R_OK) == 0;
}

std::string closed_path(const std::string& directory, std::string_view skipped) {
  if (!may(directory, R_OK | W_OK | X_OK)) return directory;
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;  // an engine that works makes and removes files
    const fs::file_type type = entry->symlink_status(gone).type();
    const bool is_directory = type == fs::file_type::directory;
    if (entry.depth() == 0 && entry->path().filename().string().starts_with(skipped)) {
      entry.disable_recursion_pending();
    } else if (is_directory || type == fs::file_type::regular) {
      const int wanted = R_OK | W_OK | (is_directory ? X_OK : 0);
      if (!may(entry->path(), wanted) && errno != ENOENT) return entry->path().string();
    }
  }
  return {};
}

std::optional<std::string> find_program(const std::string& name) {
  std::istringstream path(environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin"));
  for (std::string directory; std::getline(path, directory, ':');) {
    if (!directory.starts_with('/')) continue;
    std::string program = directory + "/" + name;
    std::error_code error;
    if (fs::is_regular_file(program, error) && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

std::expected<std::string, std::string> version_of(const std::string& program) {
  constexpr auto kPatience = std::chrono::seconds(10);  // on a machine that has other things to do
  auto said = program_output({program, "--version"}, {.at_most = kPatience});
  if (!said.has_value()) return std::unexpected("--version: " + said.error());
  said->resize(std::min(said->find('\n'), said->size()));
  if (said->empty()) return std::unexpected("it says nothing to --version");
  return said;
}

std::expected<std::string, std::string> check_authorities(const std::string& ca_bundle) {
  const std::unique_ptr<SSL_CTX, CloseContext> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return std::unexpected("TLS is not to be had");
  if (const auto trusted = trust_authorities(context.get(), ca_bundle); !trusted.has_value())
    return std::unexpected(trusted.error());
  const int loaded = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context.get())));
  if (loaded > 0) return std::to_string(loaded) + " authorities are trusted";
  // Those of a directory are read when one of them is asked for.
  std::string directory = environment("AWS_CA_BUNDLE").value_or("");
  if (directory.empty()) directory = ca_bundle;
  if (directory.empty()) directory = environment(X509_get_default_cert_dir_env()).value_or("");
  if (directory.empty()) directory = X509_get_default_cert_dir();
  return "those in " + directory;
}

}  // namespace os
