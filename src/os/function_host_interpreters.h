// Interpreters: which program runs a function of which runtime, and with what arguments. provided.* runs the function's
// own bootstrap; python3.* and nodejs* run the machine's interpreter with AWS's runtime client if it is installed (only
// looked for in Python), else with ours, which is written beside the code. Private to the function host; safe from any
// thread.
#pragma once

#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/function_host.h"

namespace os {

struct Launch {
  std::string program;  // absolute path
  std::vector<std::string> arguments;
  std::string shown_as;  // in error texts: "/var/task/bootstrap"
};

class Interpreters {
 public:
  // `path` is where programs are looked for, in the form of the variable PATH; `home` is passed to them.
  Interpreters(std::string path, std::string home) : path_(std::move(path)), home_(std::move(home)) {}

  // How to start `spec`. Runtime.InvalidEntrypoint if what it needs is not there: it says what is missing. The first
  // call for an interpreter runs it once, which takes some 50 ms; as long as there is none, it is looked for each time.
  std::expected<Launch, runtime::StartError> launch(const runtime::FunctionSpec& spec);

 private:
  struct Found {
    std::string program;
    bool has_aws_client = false;
  };
  std::expected<Launch, runtime::StartError> launch_python(const runtime::FunctionSpec& spec);
  std::expected<Launch, runtime::StartError> launch_node(const runtime::FunctionSpec& spec);
  std::optional<std::string> find_in_path(const std::string& name) const;
  // The interpreter behind `name`, which may be a wrapper that only picks one, as it names itself.
  std::optional<Found> ask_python(const std::string& name);
  // ask_python once. REQUIRES: mutex_ is held, as for the pointer.
  const Found* python(const std::string& name);

  const std::string path_;
  const std::string home_;
  std::mutex mutex_;                                     // guards what follows; held while an interpreter is asked
  std::map<std::string, std::optional<Found>> pythons_;  // by name
};

}  // namespace os
