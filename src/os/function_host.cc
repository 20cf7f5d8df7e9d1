#include "os/function_host.h"

#include "os/environment.h"
#include "os/function_host_sandbox.h"
#include "os/zip_extract.h"

namespace os {

using runtime::StartError;

namespace {

class ProcessInstance final : public runtime::FunctionInstance {
 public:
  explicit ProcessInstance(std::shared_ptr<Sandbox> sandbox) : sandbox_(std::move(sandbox)) {}
  ~ProcessInstance() override { sandbox_->stop(); }
  [[nodiscard]] const std::string& instance_id() const override { return sandbox_->instance_id(); }
  [[nodiscard]] bool alive() const override { return sandbox_->alive(); }
  void invoke(runtime::InvokeRequest request, Done done) override {
    sandbox_->invoke(std::move(request), std::move(done));
  }
  void interrupt() override { sandbox_->interrupt(); }

 private:
  std::shared_ptr<Sandbox> sandbox_;
};

// The kernel reads an entry up to its first NUL and a name up to its first '='.
bool is_environment_entry(const std::pair<std::string, std::string>& entry) {
  const auto& [name, value] = entry;
  return !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos &&
         value.find('\0') == std::string::npos;
}

std::expected<void, StartError> check(const runtime::FunctionSpec& spec) {
  for (const auto& entry : spec.environment) {
    if (!is_environment_entry(entry)) {
      return std::unexpected(StartError{"Runtime.InvalidEnvironment",
                                        "The environment variable " + entry.first + " cannot be passed to a process"});
    }
  }
  return {};
}

}  // namespace

ProcessFunctionHost::ProcessFunctionHost(base::Env env, HttpServer& server, const std::optional<std::string>& path,
                                         base::Clock* function_clock)
    : env_(env),
      function_clock_(function_clock != nullptr ? *function_clock : env.clock),
      server_(server),
      interpreters_(path ? *path : environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin"),
                    environment("HOME").value_or("/")),
      deadlines_(env, "lambda-deadline") {}

ProcessFunctionHost::~ProcessFunctionHost() = default;

std::expected<std::unique_ptr<runtime::FunctionInstance>, StartError> ProcessFunctionHost::start(
    const runtime::FunctionSpec& spec, runtime::LogSink& sink) {
  TRY(check(spec));
  TRY_ASSIGN(const Launch launch, interpreters_.launch(spec));
  auto sandbox =
      std::make_shared<Sandbox>(Sandbox::Host{env_, function_clock_, server_, poller_, deadlines_}, sink, spec, launch);
  if (auto started = sandbox->start(); !started) {
    sandbox->stop();
    return std::unexpected(std::move(started).error());
  }
  return std::make_unique<ProcessInstance>(std::move(sandbox));
}

base::Result<void> ProcessFunctionHost::stage_code(std::string_view zip_bytes, const std::string& destination) {
  ZipLimits limits;
  limits.unzipped_bytes_max = runtime::kUnzippedBytesMax;
  return extract_zip(zip_bytes, destination, limits);
}

void ProcessFunctionHost::remove_code(const std::string& destination) {
  remove_tree(destination);
}

}  // namespace os
