// ProcessFunctionHost: runs Lambda functions as child processes of the engine. Each instance is a process group of its
// own that runs <code_directory>/bootstrap and speaks the Lambda Runtime API with a listener that only it is told of.
// This keeps a misbehaving function from taking the engine down; it is no security boundary: functions run as the
// user who runs the engine. Owned by the composition root; outlives its instances. Safe from any thread.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "os/child_process.h"
#include "runtime/function_host.h"

namespace os {

class HttpServer;

class ProcessFunctionHost final : public runtime::FunctionHost {
 public:
  // Both references outlive this object. The server carries the Runtime API of all instances.
  ProcessFunctionHost(base::Env env, HttpServer& server);
  ~ProcessFunctionHost() override;

  // Only runtimes named provided* run here; for any other the error says so and names it. Memory is not reserved: an
  // instance whose process is found above memory_size_mb, looked at every 50 ms during an invocation, is killed.
  std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> start(
      const runtime::FunctionSpec& spec, runtime::LogSink& sink) override;
  base::Result<void> stage_code(std::string_view zip_bytes, const std::string& destination) override;
  void remove_code(const std::string& destination) override;

 private:
  base::Env env_;
  HttpServer& server_;
  ChildPoller poller_;
};

}  // namespace os
