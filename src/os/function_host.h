// ProcessFunctionHost: runs Lambda functions as child processes of the engine. Each instance is a process group of its
// own that runs <code_directory>/bootstrap, or the machine's python3 or node with the function's handler, and speaks
// the Lambda Runtime API with a listener that only it is told of. This keeps a misbehaving function from taking the
// engine down; it is no security boundary: functions run as the user who runs the engine. Owned by the composition
// root; outlives its instances. Safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "os/child_process.h"
#include "os/function_host_interpreters.h"
#include "runtime/deadlines.h"
#include "runtime/function_host.h"

namespace os {

class HttpServer;

class ProcessFunctionHost final : public runtime::FunctionHost {
 public:
  // Both references outlive this object. The server carries the Runtime API of all instances. Interpreters are looked
  // for in `path`, as the variable PATH writes it; nullopt: the engine's own.
  // `function_clock` is the clock that the child processes see, if it is not env's; it outlives this object too.
  ProcessFunctionHost(base::Env env, HttpServer& server, const std::optional<std::string>& path = std::nullopt,
                      base::Clock* function_clock = nullptr);
  ~ProcessFunctionHost() override;

  // Runtimes named provided*, python3.* and nodejs* run here; for any other the error says so and names it. Memory is
  // not reserved: an instance whose process is found above memory_size_mb, looked at every 50 ms during an invocation,
  // is killed.
  std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> start(
      const runtime::FunctionSpec& spec, runtime::LogSink& sink) override;
  base::Result<void> stage_code(std::string_view zip_bytes, const std::string& destination) override;
  void remove_code(const std::string& destination) override;

 private:
  base::Env env_;
  base::Clock& function_clock_;
  HttpServer& server_;
  Interpreters interpreters_;
  ChildPoller poller_;
  runtime::Deadlines deadlines_;
};

}  // namespace os
