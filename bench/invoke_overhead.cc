// invoke_overhead: what a warm synchronous Invoke costs over the function's own time, for a Python and a Node.js
// function, beside a call of the same engine that runs no function (GetFunctionConcurrency). Each function answers how
// long it took by its own clock; that is taken off the time that the client waited. Prints one JSON object; null is a
// runtime that this machine does not have.
#include <fmt/format.h>
#include <zip.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "aws/client/client.h"
#include "aws/iam/caller.h"
#include "aws/lambda/caller.h"
#include "cli/local_engine.h"
#include "os/env.h"
#include "os/http_transport.h"

namespace bench {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct Options {
  std::string directory = ".";
  std::size_t calls = 2'000;
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "invoke_overhead: {}\n", why);
  std::exit(1);
}

struct Language {
  std::string name;
  std::string runtime;
  std::string program;  // that has to be on the PATH
  std::string file;
  std::string handler;
  std::string code;
};

// Handlers that answer their own time in milliseconds, as text.
const Language kLanguages[] = {
    {"python", "python3.12", "python3", "index.py", "index.handler",
     "import time\n"
     "def handler(event, context):\n"
     "    begun = time.perf_counter()\n"
     "    sum(range(event['work']))\n"
     "    return str((time.perf_counter() - begun) * 1000)\n"},
    {"node", "nodejs22.x", "node", "index.cjs", "index.handler",
     "exports.handler = async (event) => {\n"
     "  const begun = performance.now();\n"
     "  let sum = 0;\n"
     "  for (let i = 0; i < event.work; i++) sum += i;\n"
     "  return String(performance.now() - begun);\n"
     "};\n"},
};

bool is_on_path(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

std::string zip_of(const std::string& name, const std::string& content) {
  zip_source_t* package = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_t* archive = zip_open_from_source(package, ZIP_TRUNCATE, nullptr);
  zip_source_keep(package);
  zip_file_add(archive, name.c_str(), zip_source_buffer(archive, content.data(), content.size(), 0), ZIP_FL_OVERWRITE);
  zip_close(archive);
  zip_stat_t stat;
  zip_source_stat(package, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(package);
  zip_source_read(package, bytes.data(), bytes.size());
  zip_source_close(package);
  zip_source_free(package);
  return bytes;
}

struct Spread {
  double p50 = 0, p90 = 0, p99 = 0;
};

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](std::size_t percent) { return values[(values.size() - 1) * percent / 100]; };
  return {at(50), at(90), at(99)};
}

class Bench {
 public:
  explicit Bench(const Options& options) : calls_(options.calls) {
    auto opened = cli::LocalEngine::open({.data_directory = options.directory, .in_memory = true});
    if (!opened.has_value()) give_up(opened.error().message);
    engine_ = std::move(*opened);
    auto transport = os::HttpTransport::make();
    if (!transport.has_value()) give_up(transport.error());
    transport_ = std::move(*transport);
    aws::client::ClientOptions client;
    client.endpoints.all = aws::http::parse_endpoint(engine_->endpoint_url());
    client_ = std::make_unique<aws::client::Client>(*transport_, credentials_, system_.env(), client);
    lambda_ = std::make_unique<aws::lambda::LambdaCaller>(*client_);
    make_role();
  }

  // Milliseconds of a call that runs no function.
  Spread plain_call() {
    std::vector<double> values;
    for (std::size_t i = 0; i < calls_; ++i) {
      aws::Context context;
      aws::lambda::GetFunctionConcurrencyRequest get;
      get.function_name = kLanguages[0].name;
      const auto begun = std::chrono::steady_clock::now();
      (void)lambda_->get_function_concurrency(context, std::move(get));
      values.push_back(Milliseconds(std::chrono::steady_clock::now() - begun).count());
    }
    return spread_of(std::move(values));
  }

  // Milliseconds of Invoke over the function's own; nullopt if the machine lacks the runtime.
  std::optional<Spread> overhead(const Language& language) {
    if (!is_on_path(language.program)) return std::nullopt;
    make_function(language);
    for (int i = 0; i < 100; ++i) (void)invoke(language.name);  // warm
    std::vector<double> values;
    for (std::size_t i = 0; i < calls_; ++i) values.push_back(invoke(language.name));
    return spread_of(std::move(values));
  }

 private:
  void make_role() {
    aws::iam::IamCaller iam(*client_);
    aws::iam::CreateRoleRequest create;
    create.role_name = "bench";
    create.assume_role_policy_document =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},)"
        R"("Action":"sts:AssumeRole"}]})";
    aws::Context context;
    const auto created = iam.create_role(context, std::move(create));
    if (!created.has_value()) give_up(created.error().message);
    role_ = created->role.value_or(aws::iam::Role()).arn.value_or("");
  }

  void make_function(const Language& language) {
    aws::lambda::CreateFunctionRequest create;
    create.function_name = language.name;
    create.runtime = language.runtime;
    create.handler = language.handler;
    create.role = role_;
    create.timeout = 30;
    create.code.emplace().zip_file = zip_of(language.file, language.code);
    aws::Context context;
    if (const auto created = lambda_->create_function(context, std::move(create)); !created.has_value())
      give_up(created.error().message);
    for (int left = 10'000; left > 0; --left) {  // each a round trip; it takes one or two
      aws::lambda::GetFunctionConfigurationRequest get;
      get.function_name = language.name;
      const auto now = lambda_->get_function_configuration(context, std::move(get));
      if (now.has_value() && now->state == "Active") return;
    }
    give_up(language.name + " did not become active");
  }

  double invoke(const std::string& function) {
    aws::Context context;
    aws::lambda::InvocationRequest request;
    request.function_name = function;
    request.payload = R"({"work":1000})";
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = lambda_->invoke(context, std::move(request));
    const double waited = Milliseconds(std::chrono::steady_clock::now() - begun).count();
    if (!answer.has_value()) give_up(answer.error().message);
    const std::string payload = answer->payload.value_or("");
    double own = 0;
    if (answer->function_error.has_value() || payload.size() < 2 ||
        std::from_chars(payload.data() + 1, payload.data() + payload.size() - 1, own).ec != std::errc())
      give_up(function + ": " + payload);
    return waited - own;
  }

  const std::size_t calls_;
  os::SystemEnv system_;
  std::unique_ptr<cli::LocalEngine> engine_;
  std::unique_ptr<os::HttpTransport> transport_;
  aws::client::FixedCredentials credentials_{aws::auth::Credentials{"test", "test", ""}};
  std::unique_ptr<aws::client::Client> client_;
  std::unique_ptr<aws::lambda::LambdaCaller> lambda_;
  std::string role_;
};

std::string json(const std::optional<Spread>& spread) {
  if (!spread.has_value()) return "null";
  return fmt::format("{{\"p50\":{:.3f},\"p90\":{:.3f},\"p99\":{:.3f}}}", spread->p50, spread->p90, spread->p99);
}

void run(const Options& options) {
  const std::filesystem::path directory = std::filesystem::path(options.directory) / "invoke_overhead.data";
  if (!std::filesystem::create_directories(directory)) {  // it is removed in the end, so it has to be our own
    fmt::print(stderr, "invoke_overhead: {} is there already\n", directory.string());
    std::exit(1);
  }
  {
    Bench bench({.directory = directory.string(), .calls = options.calls});
    std::string out = fmt::format("{{\"calls\":{},\"milliseconds\":{{", options.calls);
    for (const Language& language : kLanguages)
      out += fmt::format("\"{}\":{},", language.name, json(bench.overhead(language)));
    fmt::print("{}\"plain_call\":{}}}}}\n", out, json(bench.plain_call()));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  bench::Options options;
  CLI::App app("What a warm Invoke costs over the function's own time", "invoke_overhead");
  app.add_option("--calls", options.calls, "Calls of each function (2000)")->check(CLI::Range(10, 1'000'000));
  app.add_option("--directory", options.directory, "Where the engine's directory is made, and removed (.)");
  CLI11_PARSE(app, argc, argv);
  bench::run(options);
  return 0;
}
