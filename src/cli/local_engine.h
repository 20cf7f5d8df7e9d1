// LocalEngine: the engine with everything it runs on: a store, the system's seams, an HTTP port, child processes. What
// `till serve` is, and what other commands open when no engine runs. Owned by a command; used from one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/disk_store.h"
#include "cli/listen_address.h"
#include "cli/outgoing_mail.h"
#include "cli/request_log.h"
#include "cli/root_credentials.h"

namespace cli {

// That an engine needs, with its functions and no client. With 64 functions wait for each other's pipes, with 20
// nothing listens (measured with the pipeline's hundred orders).
inline constexpr uint64_t kOpenFilesLeast = 96;

inline constexpr uint16_t kServePort = 4566;  // of `till serve`, unless it is told another

struct LocalEngineOptions {
  std::string data_directory;  // with in_memory only for e-mails, unpacked code and the file `endpoint`
  bool in_memory = false;      // nothing survives; for tests
  // With in_memory: makes nothing in the data directory either, for a command that looks where nothing is.
  bool leaves_no_trace = false;
  bool works = true;  // else see engine::EngineOptions
  uint16_t port = 0;  // 0: the system chooses
  // People have its address, and it is there until it is told to end. Links in mails lead there unless
  // `mail.public_url` says otherwise; those that another engine writes lead to where one that serves is by default.
  bool serves = false;
  MailOptions mail = {};  // an engine that does not work sends none
  bool accept_data_loss = false;
  bool lenient = false;        // see engine::EngineOptions; what was accepted is told on stderr
  bool virtual_clock = false;  // stands still until it is moved through the port (clock_route.h)
  bool throttle = true;        // see engine::EngineOptions
  ListenAddress listen = {};
  std::vector<std::string> hosts = {};  // names beside those of loopback by which clients may address the port
  RootCredentials root = {};
  bool open_metrics = false;  // /metrics is for other machines, too
  bool any_key = false;       // see foreign_keys.h
  // By how much the clock that signatures are judged by, and the Date of replies, are ahead of the machine's.
  base::Duration clock_skew = base::Duration(0);
  // If set, the engine behaves as AWS may, by this seed; each fault is a metric and a line on stderr.
  std::optional<uint64_t> like_aws_seed = {};
  std::map<std::string, double> like_aws_rates = {};  // see like_aws::Options::calls_per_second
  LogOptions log = {};                                // of requests, on stderr
};

class LocalEngine {
 public:
  // Makes the data directory or takes it if it is ours, opens the store, starts the services and the port. The error is
  // one sentence for people; `exit_code` of it is the command's (see exit_code.h).
  using Error = StoreError;
  static std::expected<std::unique_ptr<LocalEngine>, Error> open(const LocalEngineOptions& options);
  // Stops accepting, lets requests end (at most two seconds), stops the functions, makes everything durable. One that
  // does not serve first waits for the commands that use it, unless a signal comes, and up to ten seconds for mails
  // that are to leave.
  ~LocalEngine();
  LocalEngine(const LocalEngine&) = delete;
  LocalEngine& operator=(const LocalEngine&) = delete;

  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] std::string endpoint_url() const;  // http://127.0.0.1:<port>, or the address it listens on

 private:
  struct Parts;
  explicit LocalEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cli
