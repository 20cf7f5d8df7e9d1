// Session: a command's connection to an engine or to AWS. It finds the endpoint (--endpoint, AWS_ENDPOINT_URL, the
// engine that serves the data directory), or opens the data directory itself, and offers the services as typed
// interfaces. Owned by a command; used from one thread at a time.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "base/env.h"
#include "cli/local_engine.h"
#include "pipeline/stack.h"

namespace cli {

// The options that every command takes.
struct GlobalOptions {
  std::string endpoint;  // --endpoint; "aws" means AWS itself, whatever the environment says
  std::string data_directory;
  std::string stack = "tillstream";
  std::string region;
  bool json = false;
  bool ignore_environment = false;  // no AWS_* variable counts; for a command that has an engine of its own
};

class Session {
 public:
  static std::expected<std::unique_ptr<Session>, LocalEngine::Error> open(const GlobalOptions& options);
  ~Session();

  [[nodiscard]] base::Env& env();
  [[nodiscard]] pipeline::Services services();
  // The stack of the options, with the functions that this program carries.
  pipeline::Stack& stack();
  [[nodiscard]] const std::string& account() const;
  // Sets what `till up` may be told; before the first stack().
  void configure(const std::function<void(pipeline::StackOptions&)>& change);

 private:
  struct Parts;
  explicit Session(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Session::open for a command: without a session it has told the user why, and `exit_code` is the command's.
std::unique_ptr<Session> open_session(const GlobalOptions& options, int& exit_code);

}  // namespace cli
