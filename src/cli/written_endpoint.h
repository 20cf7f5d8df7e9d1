// The file `endpoint` of a data directory: where the engine that has the directory serves, so that other commands find
// it; and who uses an engine that ends with the command it belongs to. Both sides hold the file with flock, so that who
// is killed holds nobody up. Free functions and values; used from one thread.
#pragma once

#include <string>

#include "cli/root_credentials.h"
#include "os/child_process.h"

namespace aws::http {
class Transport;
}

namespace cli {

// What the last engine that served a data directory has written; empty strings if there is none. After a kill it stays,
// and the port may be another engine's by now: `instance` is what GET /_till/health shows of the one that is meant.
struct WrittenEndpoint {
  std::string url;
  std::string instance;
  RootCredentials root = {};
  bool works = true;   // see LocalEngineOptions
  bool serves = true;  // also; else it ends with its command
};
WrittenEndpoint read_endpoint(const std::string& data_directory);
// Whether that very engine answers there.
bool answers(aws::http::Transport& transport, const WrittenEndpoint& written);
// Whether what stands there, if anything, is ours to overwrite.
bool may_write_endpoint(const std::string& data_directory);

// The engine's side: its file, from when it serves until it ends. Only its owner can read it: it has the key of root
// in it.
class EndpointOffer {
 public:
  EndpointOffer() = default;  // none is made
  EndpointOffer(std::string data_directory, const WrittenEndpoint& endpoint);
  // Takes the file away, if it is this engine's still. Nobody comes from now on.
  void withdraw();
  // After withdraw(): whether everybody who had come has gone.
  [[nodiscard]] bool is_unused() const;

 private:
  std::string directory_;
  std::string instance_;
  os::FileDescriptor file_;
};

// The other commands' side: while it lives, an engine that ends with its command stays.
class EngineVisit {
 public:
  EngineVisit() = default;  // nobody is visited
  // Of the engine that has written the file of `data_directory` and is not about to end; whether it answers must be
  // asked afterwards.
  static EngineVisit begin(const std::string& data_directory);
  [[nodiscard]] const WrittenEndpoint& engine() const { return engine_; }

 private:
  WrittenEndpoint engine_;
  os::FileDescriptor file_;
};

}  // namespace cli
