// Child processes: how one is started with nothing of the engine's in it, and ChildPoller, the one thread that starts
// them all, reads their output and reaps them. The poller outlives everything it watches. spawn_child may be called
// from any thread, but the child dies with the thread that called it; ChildPoller is safe from any thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace os {

// Owns one file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

struct ChildSpec {
  std::string program;                   // absolute path; also its argv[0]
  std::vector<std::string> arguments;    // argv[1] and on
  std::vector<std::string> environment;  // "NAME=value", complete
  std::string working_directory;
  uint64_t file_size_bytes_max = 0;  // RLIMIT_FSIZE
  uint64_t open_files_max = 1024;    // RLIMIT_NOFILE
  // RLIMIT_NPROC, which counts all processes and threads of a user: so many more than there are now. Without effect on
  // root.
  uint64_t processes_max = 1024;
};

struct Child {
  pid_t pid = -1;         // also its process group
  FileDescriptor pidfd;   // readable when it has ended
  FileDescriptor output;  // its standard output and error, non-blocking
};

// Starts `spec.program` as the leader of its own process group, killed when the calling thread ends, without new
// privileges, core files, inherited descriptors, signal mask or environment. Returns once the program is executing, or
// the errno that kept it from that.
std::expected<Child, int> spawn_child(const ChildSpec& spec);

// Kills every process that was started with `entry` ("NAME=value") in its environment: what is left of a child that put
// processes of its own out of its group. A process that has wiped its environment is missed. Reads all of /proc, some
// milliseconds. `entry` must be unique to the child.
void kill_by_environment(std::string_view entry);

// The processes that `pid` has started, and those that they have, as long as their parents live; at most
// `count_max`. Empty if the kernel does not tell. Reads a file for each of their threads, some 10 us each.
std::vector<pid_t> descendants_of(pid_t pid, std::size_t count_max);

// True if a system call has failed for want of memory, descriptors or processes.
bool is_shortage(int error);

// What a poller calls, always on its own thread, never concurrently. Must not block for long.
class ChildWatcher {
 public:
  virtual ~ChildWatcher() = default;
  virtual void on_output() = 0;  // the output may be readable; called again as long as it is
  virtual void on_exit() = 0;    // the process has ended and waits to be reaped; called once
  virtual void on_tick() = 0;    // every kTickMs while anything is busy
};

class ChildPoller {
 public:
  static constexpr int kTickMs = 50;

  ChildPoller() = default;
  ~ChildPoller();  // nothing may be watched any more
  ChildPoller(const ChildPoller&) = delete;
  ChildPoller& operator=(const ChildPoller&) = delete;

  // spawn_child on the poller's thread, which lives as long as the children should and begins with the first of them.
  // `started` is called there too with the child, before any event of it; it watches and takes the child, or returns an
  // errno and the child is ended. 0, or what failed.
  int spawn(const ChildSpec& spec, const std::function<int(Child&)>& started);
  // The watcher is kept until forget(). 0, or an errno; only in `started`.
  int watch(std::shared_ptr<ChildWatcher> watcher, int output_fd, int pid_fd);
  // Runs `task` on the poller's thread, soon. Only while something is watched.
  void post(std::function<void()> task);
  // Stops watching; when it returns, no callback to `watcher` runs or will run. The descriptors must still be open.
  // Not from a callback.
  void forget(const ChildWatcher* watcher, int output_fd, int pid_fd);
  // The output has ended or is of no interest any more; for callbacks.
  void stop_output(int output_fd);
  // Ticks run while the count of busy children is above 0, and a little longer; an idle poller does not wake up.
  void busy();
  void not_busy() { busy_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  int begin();  // makes what is missing; 0, or an errno
  void run();
  void run_on_thread(const std::function<void()>& task);
  void wake();
  void run_tasks();
  void tick();

  FileDescriptor epoll_;
  FileDescriptor wakeup_;  // eventfd
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::atomic<int> busy_{0};
  std::atomic<bool> ticking_{false};
  int idle_ticks_ = 0;
  struct Watch {
    std::shared_ptr<ChildWatcher> watcher;
    bool is_exit = false;
  };
  std::unordered_map<int, Watch> watches_;  // by descriptor; the thread's own
  std::thread thread_;
};

}  // namespace os
