#include "cli/local_engine.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "aws/auth/verify.h"
#include "base/manual/manual_env.h"
#include "cli/clock_route.h"
#include "cli/counted_functions.h"
#include "cli/exit_code.h"
#include "cli/version.h"
#include "engine/engine.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/sns/mailer.h"
#include "os/descriptor_limit.h"
#include "os/env.h"
#include "os/function_host.h"
#include "os/http_server.h"
#include "os/http_transport.h"
#include "os/outbox_mailer.h"
#include "server/api_handler.h"
#include "store/memory/memory_store.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

// A reply waits until everything written before it is durable: "acknowledged means durable".
class StoreGate final : public server::ReplyGate {
 public:
  explicit StoreGate(store::KvStore& store) : store_(store) {}
  void release(std::function<void()> send) override { store_.when_durable(store_.last_written(), std::move(send)); }

 private:
  store::KvStore& store_;
};

constexpr std::size_t kDynamoDbRequestBytesMax = 16 << 20;  // Developer Guide, quotas, BatchWriteItem

constexpr std::size_t kLambdaRequestBytesMax = 70'167'211;
constexpr uint64_t kHttpBodyBytesMax = 6ULL << 30;  // an object of S3 with the framing of aws-chunked
// Left free on the disk by large bodies, for all that the engine has to write.
constexpr uintmax_t kDiskReserveBytes = 128 << 20;

base::AwsError lambda_too_large(const aws::OperationDesc& operation, uint64_t) {
  base::AwsError error;
  error.code = "RequestEntityTooLargeException";
  error.http_status = 413;
  error.message =
      fmt::format("Request must be smaller than {} bytes for the {} operation", kLambdaRequestBytesMax, operation.name);
  return error;
}

std::vector<server::Mount> mounts(engine::Engine& engine) {
  server::Mount s3{&aws::s3::kService, &engine.s3()};
  s3.spool = &engine.s3_spool();
  s3.spooled_bytes_max = engine::s3::kPutBytesMax;
  s3.too_large = [](const aws::OperationDesc&, uint64_t bytes) { return engine::s3::entity_too_large(bytes); };
  server::Mount lambda{&aws::lambda::kService, &engine.lambda()};
  lambda.body_bytes_max = kLambdaRequestBytesMax;
  lambda.too_large = lambda_too_large;
  return {{&aws::sqs::kService, &engine.sqs()},
          {&aws::dynamodb::kService, &engine.dynamodb(), {}, kDynamoDbRequestBytesMax},
          {&aws::sns::kService, &engine.sns(), {"ConfirmSubscription", "Unsubscribe"}},
          lambda,
          s3,
          {&aws::cloudwatch::kService, &engine.cloudwatch()},
          {&aws::logs::kService, &engine.logs()},
          {&aws::iam::kService, &engine.iam()},
          {&aws::sts::kService, &engine.sts()}};
}

std::expected<std::unique_ptr<store::KvStore>, LocalEngine::Error> open_store(const LocalEngineOptions& options,
                                                                              base::Env& env) {
  if (options.in_memory) return store::make_memory_store();
  store::RocksDbOptions rocks;
  rocks.directory = options.data_directory + "/store";
  rocks.accept_data_loss = options.accept_data_loss;
  auto opened = store::open_rocksdb_store(rocks, env);
  if (opened.has_value()) return std::move(*opened);
  const bool locked = opened.error().kind == store::OpenError::Kind::locked;
  return std::unexpected(LocalEngine::Error{opened.error().message, locked ? kUnreachable : kFailed});
}

// Of an answer to a notification nothing but the status matters.
constexpr uint64_t kWebhookAnswerBytesMax = 1 << 20;

void warn_of_leniency(std::string_view reason) {
  std::fputs(fmt::format("till: warning: accepted, though AWS refuses it: {}\n", reason).c_str(), stderr);
}

// What an engine in memory has on disk all the same, which goes with it: the functions' unpacked code. Beside it a
// persistent engine may run in the same data directory.
struct TransientDirectory {
  std::string path;  // empty: none
  ~TransientDirectory() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

std::string endpoint_file(const std::string& data_directory) {
  return data_directory + "/endpoint";
}

}  // namespace

// Members are destroyed from the last to the first: the port before the engine, the engine before what it runs on.
struct LocalEngine::Parts {
  LocalEngineOptions options;
  os::SystemEnv system;
  TransientDirectory transient;
  base::ManualClock manual_clock{system.env().clock.now()};
  base::ManualExecutor manual_executor{manual_clock};
  base::Env virtual_env{manual_clock, system.env().random, manual_executor};
  std::unique_ptr<store::KvStore> store;
  std::unique_ptr<os::HttpServer> http;
  std::unique_ptr<os::ProcessFunctionHost> functions;
  std::unique_ptr<CountedFunctions> counted;
  std::unique_ptr<os::OutboxMailer> outbox;
  std::unique_ptr<engine::sns::MailerTo<os::OutboxMailer>> mailer;
  std::unique_ptr<os::HttpTransport> transport;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<aws::auth::Verifier> verifier;
  std::unique_ptr<StoreGate> gate;
  std::unique_ptr<server::ApiHandler> api;
  std::unique_ptr<ClockRoute> routes;
  uint16_t port = 0;
  const std::string instance = base::make_uuid(system.env().random);

  base::Env& env() { return options.virtual_clock ? virtual_env : system.env(); }
  ClockRoute::Advance clock_mover();
  void make_api();
};

ClockRoute::Advance LocalEngine::Parts::clock_mover() {
  if (!options.virtual_clock) return nullptr;
  return [this](base::Duration by) {
    return manual_clock.advance_in_steps(by, [this] { return counted->any_at_work(); });
  };
}

// What answers requests.
void LocalEngine::Parts::make_api() {
  verifier = std::make_unique<aws::auth::Verifier>(engine->credentials());
  gate = std::make_unique<StoreGate>(*store);
  server::ApiHandler::Options api_options;
  api_options.version = kVersion;
  api_options.instance = instance;
  api_options.clients_clock = &system.env().clock;
  if (!options.in_memory) {
    api_options.has_room = [directory = options.data_directory] {
      std::error_code error;
      const fs::space_info space = fs::space(directory, error);
      return error || space.available > kDiskReserveBytes;
    };
  }
  api_options.document = [this](std::string_view path) { return engine->document(path); };
  api = std::make_unique<server::ApiHandler>(mounts(*engine), *verifier, engine->authorizer(), *gate, env(),
                                             std::move(api_options));
  routes = std::make_unique<ClockRoute>(*api, env(), clock_mover());
}

LocalEngine::LocalEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

std::expected<std::unique_ptr<LocalEngine>, LocalEngine::Error> LocalEngine::open(const LocalEngineOptions& given) {
  auto parts = std::make_unique<Parts>();
  parts->options = given;
  std::error_code ignored;
  parts->options.data_directory = fs::absolute(given.data_directory, ignored).string();
  const LocalEngineOptions& options = parts->options;
  base::Env& env = parts->env();
  fs::create_directories(options.data_directory, ignored);
  fs::permissions(options.data_directory, fs::perms::owner_all, ignored);
  auto opened = open_store(options, env);
  if (!opened.has_value()) return std::unexpected(opened.error());
  parts->store = std::move(*opened);
  auto http = os::HttpServer::start({});
  if (!http.has_value()) return std::unexpected(Error{http.error(), kFailed});
  parts->http = std::move(*http);
  parts->functions =
      std::make_unique<os::ProcessFunctionHost>(env, *parts->http, std::nullopt, &parts->system.env().clock);
  parts->counted = std::make_unique<CountedFunctions>(*parts->functions, parts->system.env().clock);
  parts->outbox = std::make_unique<os::OutboxMailer>(options.data_directory + "/outbox", "tillstream@localhost",
                                                     env.clock, env.random);
  parts->mailer = std::make_unique<engine::sns::MailerTo<os::OutboxMailer>>(*parts->outbox);
  auto transport = os::HttpTransport::make({.response_body_bytes_max = kWebhookAnswerBytesMax});
  if (!transport.has_value()) return std::unexpected(Error{transport.error(), kFailed});
  parts->transport = std::move(*transport);
  engine::EngineOptions engine_options;
  if (options.in_memory) parts->transient.path = options.data_directory + "/memory-" + parts->instance;
  engine_options.code_directory = (options.in_memory ? parts->transient.path : options.data_directory) + "/code";
  engine_options.auto_confirm_email = true;
  engine_options.transport = parts->transport.get();
  if (options.lenient) engine_options.lenient = warn_of_leniency;
  parts->engine = std::make_unique<engine::Engine>(*parts->store, env, *parts->counted, *parts->mailer, engine_options);
  parts->make_api();
  os::ListenLimits limits;
  limits.message.body_bytes_max = kHttpBodyBytesMax;
  limits.held_body_bytes_max = kLambdaRequestBytesMax;
  limits.connections_max = os::connections_within(os::raise_descriptor_limit());
  limits.work = [api = parts->api.get()](std::function<void()> work) { return api->run(std::move(work)); };
  const auto port = parts->http->listen("127.0.0.1", options.port, *parts->routes, limits);
  if (!port.has_value()) return std::unexpected(Error{port.error(), kFailed});
  parts->port = *port;
  std::unique_ptr<LocalEngine> made(new LocalEngine(std::move(parts)));
  made->parts_->engine->start(made->endpoint_url());
  // A store has one engine, which says where it serves; one in memory does not speak over another that does.
  if (!options.in_memory || !answers(*made->parts_->transport, read_endpoint(options.data_directory))) {
    std::ofstream(endpoint_file(options.data_directory)) << made->endpoint_url() << "\n"
                                                         << made->parts_->instance << "\n";
  }
  return made;
}

LocalEngine::~LocalEngine() {
  std::error_code ignored;
  if (read_endpoint(parts_->options.data_directory).instance == parts_->instance)
    fs::remove(endpoint_file(parts_->options.data_directory), ignored);
  parts_->engine->stop();
  parts_->http->stop(std::chrono::seconds(2));
}

uint16_t LocalEngine::port() const {
  return parts_->port;
}

std::string LocalEngine::endpoint_url() const {
  return "http://127.0.0.1:" + std::to_string(parts_->port);
}

WrittenEndpoint read_endpoint(const std::string& data_directory) {
  std::ifstream file(endpoint_file(data_directory));
  WrittenEndpoint out;
  std::getline(file, out.url);
  std::getline(file, out.instance);
  return out;
}

bool answers(aws::http::Transport& transport, const WrittenEndpoint& written) {
  const auto endpoint = aws::http::parse_endpoint(written.url);
  if (!endpoint.has_value() || written.instance.empty()) return false;
  const auto health = transport.round_trip(*endpoint, {"GET", "/_till/health", {}, {}}, std::chrono::seconds(2));
  return health.has_value() && health->body.contains("\"instance\":\"" + written.instance + "\"");
}

}  // namespace cli
