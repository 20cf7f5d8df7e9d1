#include "functions/function_main.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "aws/client/client.h"
#include "aws/client/client_settings.h"
#include "aws/http/shown_url.h"
#include "functions/clients.h"
#include "os/env.h"
#include "os/environment.h"
#include "os/http_transport.h"

namespace functions {
namespace {

// From the last moment of a call to the end of its invocation.
constexpr base::Duration kTimeToAnswer = std::chrono::seconds(1);

std::string variable(const char* name, std::string_view otherwise = "") {
  return os::environment(name).value_or(std::string(otherwise));
}

// As the environment says, by the names of the AWS SDKs.
std::expected<aws::client::ClientOptions, std::string> client_options(os::SystemEnv& system) {
  const aws::client::ClientSettings settings{
      .variable = [](const std::string& name) { return variable(name.c_str()); }};
  aws::client::ClientOptions options{.endpoints = {.region = variable("AWS_REGION", "us-east-1")},
                                     .timeout = std::chrono::seconds(5),
                                     .signing_clock = &system.wall_clock()};
  if (const std::string url = variable("AWS_ENDPOINT_URL"); !url.empty() && !settings.ignores_endpoints()) {
    options.endpoints.all = aws::http::parse_endpoint(url);
    if (!options.endpoints.all.has_value())
      return std::unexpected("AWS_ENDPOINT_URL is not an endpoint: " + aws::http::why_no_endpoint(url));
  }
  auto set = settings.set_retries(options);
  if (set.has_value()) set = settings.set_variants(options.endpoints);
  if (set.has_value()) set = settings.set_own_endpoints(client_services(), options.endpoints);
  if (!set.has_value()) return std::unexpected(std::move(set).error());
  return options;
}

std::expected<std::string, std::string> packed_file(std::string_view name) {
  const std::string path = variable("LAMBDA_TASK_ROOT", ".") + "/" + std::string(name);
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() && std::filesystem::exists(path, error)) return std::unexpected(path + " cannot be read");
  return text;
}

// What `till` has put into the package; a package without it works by the original's definition.
std::expected<pipeline::Definition, std::string> read_definition() {
  const auto text = packed_file(pipeline::kDefinitionName);
  if (!text.has_value()) return std::unexpected(text.error());
  auto read = pipeline::read_definition(*text, [](const std::string&) { return packed_file(pipeline::kSchemaName); });
  if (read.has_value()) return std::move(*read);
  const pipeline::DefinitionFault& first = read.error().front();
  return std::unexpected(fmt::format("{}:{}: {}", pipeline::kDefinitionName, first.line, first.message));
}

void report(std::string_view line) {
  os::write_stdout(std::string(line) + "\n");
}

// The log is where people look: what invokes a function by an event shows nobody its error.
runtime::HandlerFunction with_log(runtime::StructuredLog& log, FailedCalls& failed_calls,
                                  runtime::HandlerFunction handler) {
  return [&log, &failed_calls, handler = std::move(handler)](const runtime::Invocation& invocation) {
    log.begin_invocation(invocation);
    failed_calls.begin_invocation();
    auto answer = handler(invocation);
    if (answer.has_value()) return answer;
    const std::string error = failed_calls.without_secrets(answer.error().message);
    log.log(runtime::LogLevel::error, "the invocation failed",
            {{"type", std::string_view(answer.error().type)},
             {"error", std::string_view(error)},
             {"failed_calls", failed_calls.count()}});
    return answer;
  };
}

// A handler whose calls are back before its invocation ends, so that it can still say what it did not get done.
runtime::HandlerFunction in_time(base::Clock& clock, std::vector<aws::client::Client*> clients,
                                 runtime::HandlerFunction handler) {
  return [&clock, clients = std::move(clients), handler = std::move(handler)](const runtime::Invocation& invocation) {
    const base::Duration left = invocation.deadline - clock.now();
    const base::Timestamp last = invocation.deadline - std::min<base::Duration>(kTimeToAnswer, left / 4);
    for (aws::client::Client* client : clients) client->give_up_at(last);
    return handler(invocation);
  };
}

// What a function is served by.
struct Host {
  std::unique_ptr<os::HttpTransport> transport;
  aws::http::Endpoint api;

  // Tells the log and the service why the function does not start; main's exit status.
  [[nodiscard]] int fail_to_start(std::string_view type, const std::string& error) const {
    report(error);  // Lambda keeps its own copy to itself
    runtime::post_init_error(*transport, api, {std::string(type), error}, report);
    return 1;
  }
};

std::expected<Host, std::string> find_host() {
  // Looking up a name knows no deadline. By the C library's own settings a silent server costs ten seconds.
  ::setenv("RES_OPTIONS", "timeout:1 attempts:2", /*overwrite=*/0);
  auto proxies = os::Proxies::from([](const std::string& name) { return variable(name.c_str()); });
  if (!proxies.has_value()) return std::unexpected(std::move(proxies).error());
  auto transport = os::HttpTransport::make({.proxies = std::move(*proxies)});
  if (!transport.has_value()) return std::unexpected(std::move(transport).error());
  const auto api = aws::http::parse_endpoint("http://" + variable("AWS_LAMBDA_RUNTIME_API"));
  if (!api.has_value()) return std::unexpected("AWS_LAMBDA_RUNTIME_API is not set: this program is a Lambda function");
  return Host{std::move(*transport), *api};
}

}  // namespace

int refuse_to_start(const std::string& why) {
  const auto host = find_host();
  if (host.has_value()) return host->fail_to_start("Pipeline.Handler", why);
  report(why + "; " + host.error());
  return 1;
}

int run_function(std::string_view service, const std::function<runtime::HandlerFunction(Toolbox&)>& make) {
  os::SystemEnv system;
  base::Env env = system.env();
  const auto host = find_host();
  if (!host.has_value()) {
    report(host.error());
    return 1;
  }
  const auto config =
      pipeline::from_environment([](std::string_view name) { return os::environment(std::string(name)); });
  if (!config.has_value()) return host->fail_to_start("Pipeline.Config", config.error());
  auto options = client_options(system);
  if (!options.has_value()) return host->fail_to_start("Pipeline.Config", options.error());
  const auto definition = read_definition();
  if (!definition.has_value()) return host->fail_to_start("Pipeline.Definition", definition.error());
  const aws::auth::Credentials own{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                                   variable("AWS_SESSION_TOKEN")};
  runtime::StructuredLog log(
      env.clock,
      {.service = std::string(service),
       .function_name = variable("AWS_LAMBDA_FUNCTION_NAME"),
       .function_memory_size = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
       .level = runtime::parse_log_level(variable("AWS_LAMBDA_LOG_LEVEL", "INFO")).value_or(runtime::LogLevel::info)},
      os::write_stdout);
  FailedCalls failed_calls(log, {own.secret_access_key, own.session_token});
  aws::client::FixedCredentials credentials(own);
  aws::client::Client client(*host->transport, credentials, env, *options);
  options->attempts_max = 1;
  aws::client::Client single_attempt_client(*host->transport, credentials, env, *options);
  WatchedCalls calls(client, failed_calls);
  WatchedCalls single_attempt(single_attempt_client, failed_calls);
  const Clients clients = make_clients(calls, single_attempt);
  Toolbox tools{env, *clients.s3,  *clients.sqs, *clients.dynamodb, *clients.sns,
                log, failed_calls, *config,      *definition};
  auto handler = in_time(env.clock, {&client, &single_attempt_client}, make(tools));
  return runtime::run_handler(*host->transport, host->api, with_log(log, failed_calls, std::move(handler)), report);
}

}  // namespace functions
