// What this machine gives a program: whether its clock is kept right, its limits, a directory's disk, a port, programs.
// For `till doctor`: everything here looks and leaves no trace. Functions; safe from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace os {

// Whether the kernel is told the time from outside (NTP, PTP, the hypervisor); nullopt: it does not say.
std::optional<bool> clock_is_kept_right();

inline constexpr uint64_t kNoLimit = UINT64_MAX;
struct Limits {
  uint64_t open_files = kNoLimit;  // the hard one, which the engine raises its own to
  uint64_t processes = kNoLimit;   // of this user, threads included; does not hold for root
  uint64_t file_bytes = kNoLimit;
  uint64_t address_bytes = kNoLimit;  // of one process; what its threads reserve counts, too
  uint64_t tasks_left = kNoLimit;     // of this process's control group
  uint64_t memory_bytes = kNoLimit;   // that are available, of the machine or of the control group
};
Limits read_limits();

struct Disk {
  std::string kind;  // "ext4", "nfs", or a number in hexadecimal
  uint64_t free_bytes = 0;
  bool is_memory = false;    // goes with the machine's power
  bool is_remote = false;    // over a network, or by a program: its sync and its locks are somebody else's word
  bool is_writable = false;  // by this user
};
// Of an existing directory. The error is one sentence for people.
std::expected<Disk, std::string> disk_at(const std::string& directory);

// The median time, in seconds, of writing 4 KiB into a file without a name and syncing it; nullopt: the filesystem has
// no files without a name, or this user may not write there.
std::optional<double> sync_seconds(const std::string& directory);

struct PortHolder {
  int pid = 0;  // 0: another user's
  std::string program;
};
// Who listens on this port of 127.0.0.1 or of all addresses; nullopt: it can be had. The error, one sentence, is why it
// cannot, though nobody listens.
std::expected<std::optional<PortHolder>, std::string> port_holder(uint16_t port);

// Whether the kernel's view of processes is where it is looked for.
bool has_proc();

// A file or directory below `directory`, or itself, that this user may not read and write; empty: there is none.
// `skipped` are names that begin so, right below `directory`.
std::string closed_path(const std::string& directory, std::string_view skipped);

// The absolute path of a program, by PATH.
std::optional<std::string> find_program(const std::string& name);
// What it says to --version, without the line feed; the error, one sentence, is why it says nothing.
std::expected<std::string, std::string> version_of(const std::string& program);

// Which authorities there are to check the certificates of others by, for people; the error, one sentence, names what
// was looked for. `ca_bundle` is as trust_authorities() takes it.
std::expected<std::string, std::string> check_authorities(const std::string& ca_bundle);

}  // namespace os
