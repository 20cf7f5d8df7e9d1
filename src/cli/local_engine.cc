#include "cli/local_engine.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "aws/auth/verify.h"
#include "aws/forwarder.h"
#include "aws/sqs/caller.h"
#include "base/manual/manual_env.h"
#include "cli/clock_route.h"
#include "cli/counted_functions.h"
#include "cli/data_directory.h"
#include "cli/disk_room.h"
#include "cli/engine_health.h"
#include "cli/engine_metrics.h"
#include "cli/exit_code.h"
#include "cli/fault_report.h"
#include "cli/foreign_keys.h"
#include "cli/interruption.h"
#include "cli/metrics_route.h"
#include "cli/skewed_clock.h"
#include "cli/upkeep_route.h"
#include "cli/url_fork.h"
#include "cli/version.h"
#include "cli/written_endpoint.h"
#include "engine/engine.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/sns/mailer.h"
#include "like_aws/like_aws.h"
#include "os/data_directory.h"
#include "os/descriptor_limit.h"
#include "os/env.h"
#include "os/function_host.h"
#include "os/http_server.h"
#include "os/http_transport.h"
#include "os/machine.h"
#include "os/outbox_mailer.h"
#include "server/api_handler.h"
#include "server/request_metrics.h"
#include "server/start_gate.h"
#include "store/memory/memory_store.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/timed_store.h"

namespace cli {
namespace {

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

base::AwsError lambda_too_large(const aws::OperationDesc& operation, uint64_t) {
  base::AwsError error;
  error.code = "RequestEntityTooLargeException";
  error.http_status = 413;
  error.message =
      fmt::format("Request must be smaller than {} bytes for the {} operation", kLambdaRequestBytesMax, operation.name);
  return error;
}

like_aws::Services services_of(engine::Engine& engine) {
  return {engine.sqs(),        engine.sns(),  engine.lambda(), engine.dynamodb(), engine.s3(),
          engine.cloudwatch(), engine.logs(), engine.iam(),    engine.sts(),      engine.authorizer()};
}

// `services` are the engine's, or what stands before them.
std::vector<server::Mount> mounts(engine::Engine& engine, const like_aws::Services& services) {
  server::Mount s3{&aws::s3::kService, &services.s3};
  s3.spool = &engine.s3_spool();
  s3.spooled_bytes_max = engine::s3::kPutBytesMax;
  s3.too_large = [](const aws::OperationDesc&, uint64_t bytes) { return engine::s3::entity_too_large(bytes); };
  server::Mount lambda{&aws::lambda::kService, &services.lambda};
  lambda.body_bytes_max = kLambdaRequestBytesMax;
  lambda.too_large = lambda_too_large;
  return {{&aws::sqs::kService, &services.sqs},
          {&aws::dynamodb::kService, &services.dynamodb, {}, kDynamoDbRequestBytesMax},
          {&aws::sns::kService, &services.sns, {"ConfirmSubscription", "Unsubscribe"}},
          lambda,
          s3,
          {&aws::cloudwatch::kService, &services.cloudwatch},
          {&aws::logs::kService, &services.logs},
          {&aws::iam::kService, &services.iam},
          {&aws::sts::kService, &services.sts}};
}

// What an engine runs on from its start: `till serve` has 55 then. Counted before anything begins, because where
// RocksDB does not get one of its own it ends the process.
constexpr std::size_t kThreadsAtStart = 59;

bool has_threads(base::Executor& executor) {
  std::mutex mutex;
  const auto counted = executor.make_condition();
  bool enough = false;
  std::vector<std::unique_ptr<base::Task>> tasks;
  for (std::size_t i = 0; i < kThreadsAtStart; ++i) {
    auto task = executor.try_spawn("count", [&] {
      std::unique_lock lock(mutex);
      while (!enough) executor.wait_until(lock, *counted, base::kTimestampMax);
    });
    if (task == nullptr) break;
    tasks.push_back(std::move(task));
  }
  {
    const std::lock_guard lock(mutex);
    enough = true;
    counted->notify_all();
  }
  return tasks.size() == kThreadsAtStart;
}

// How long an engine that ends waits for a mail server.
constexpr auto kMailPatience = std::chrono::seconds(10);

// Of an answer to a notification nothing but the status matters.
constexpr uint64_t kWebhookAnswerBytesMax = 1 << 20;

void warn_of_leniency(std::string_view reason) {
  std::fputs(fmt::format("till: warning: accepted, though AWS refuses it: {}\n", reason).c_str(), stderr);
}

// Makes the data directory ours, and in it what one run needs.
std::expected<os::RunDirectory, std::string> prepare(const LocalEngineOptions& options, const std::string& instance) {
  if (options.leaves_no_trace) return os::RunDirectory();
  if (const auto found = has_data(options.data_directory); !found.has_value()) return std::unexpected(found.error());
  if (const std::string link = os::foreign_link(options.data_directory); !link.empty())
    return std::unexpected(link +
                           " is a symbolic link, which this program does not make. Nothing was changed: put what "
                           "it leads to in its place, or move the link away");
  if (std::string foreign = os::foreign_user(options.data_directory); !foreign.empty())
    return std::unexpected(std::move(foreign));
  if (auto claimed = claim_data_directory(options.data_directory); !claimed.has_value())
    return std::unexpected(std::move(claimed).error());
  if (!may_write_endpoint(options.data_directory))
    return std::unexpected(options.data_directory + "/endpoint is not a file of this program; move it away");
  os::remove_ended_runs(options.data_directory);
  return os::RunDirectory::make(options.data_directory, instance);
}

void tell(std::string_view line) {
  std::fputs(fmt::format("till: {}\n", line).c_str(), stderr);
}

}  // namespace

// Members are destroyed from the last to the first: the port before the engine, the engine before what it runs on.
struct LocalEngine::Parts {
  LocalEngineOptions options;
  os::SystemEnv system;
  os::RunDirectory run;  // has the functions' unpacked code
  base::ManualClock manual_clock{system.env().clock.now()};
  base::ManualExecutor manual_executor{manual_clock};
  // These are told of requests whose replies the store may still hold back at its end.
  std::unique_ptr<RequestLog> log;  // null: nothing is logged
  std::unique_ptr<server::RequestMetrics> request_metrics;
  store::Statistics store_statistics{system.env().clock, {}, {}, {}};
  base::Env virtual_env{manual_clock, system.env().random, manual_executor};
  std::unique_ptr<store::KvStore> store;
  store::DiskStore* disk = nullptr;  // the store, if it is on the disk
  std::unique_ptr<DiskRoom> room;    // null in memory
  std::unique_ptr<os::HttpServer> http;
  std::unique_ptr<os::ProcessFunctionHost> functions;
  std::unique_ptr<CountedFunctions> counted;
  std::unique_ptr<os::OutboxMailer> outbox;
  std::unique_ptr<engine::sns::Mailer> mailer;
  OutgoingMail* outgoing = nullptr;  // the mailer, if mails leave
  std::unique_ptr<os::HttpTransport> transport;
  std::unique_ptr<SkewedClock> skewed_clock;    // null if clients' clocks are right
  std::unique_ptr<FaultReport> faults;          // before what reports to it
  std::unique_ptr<like_aws::LikeAws> like_aws;  // null without --like-aws; before the engine, whose pollers use it
  // What mappings poll: nothing while the disk is full, since their functions could store nothing.
  std::unique_ptr<aws::Forwarder> poll_forwarder;
  std::unique_ptr<aws::sqs::SqsCaller> polled;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<ForeignKeys> keys;
  std::unique_ptr<aws::auth::Verifier> verifier;
  std::unique_ptr<StoreGate> gate;
  std::shared_ptr<const server::RequestWatch> watch;
  std::unique_ptr<aws::http::Handler> function_urls;  // works on the threads of `api`, which end before it
  std::unique_ptr<server::ApiHandler> api;
  std::unique_ptr<UrlFork> fork;
  std::unique_ptr<UpkeepRoute> upkeep;
  std::unique_ptr<ClockRoute> routes;
  std::unique_ptr<MetricsRoute> metrics;
  std::unique_ptr<DatedReplies> dated;  // null if clients' clocks are right
  std::unique_ptr<server::StartGate> entrance;
  const uint32_t connections_max = static_cast<uint32_t>(os::connections_within(os::raise_descriptor_limit()));
  const base::Timestamp started_at = system.wall_clock().now();
  uint16_t port = 0;
  EndpointOffer offer;
  const std::string instance = base::make_uuid(system.env().random);

  base::Env& env() { return options.virtual_clock ? virtual_env : system.env(); }
  base::Clock& clients_clock() { return skewed_clock ? static_cast<base::Clock&>(*skewed_clock) : system.wall_clock(); }
  void take_store(std::unique_ptr<store::KvStore> opened);
  ClockRoute::Advance clock_mover();
  std::shared_ptr<const server::RequestWatch> request_watch();
  std::string measured();
  std::vector<server::PartState> parts_health();
  void make_mailer();
  void make_like_aws();
  aws::sqs::Sqs& polled_queues(aws::sqs::Sqs& own);
  void make_api();
  std::optional<aws::http::Response> document(std::string_view path);
  std::expected<void, Error> listen();
  void await_visitors();
  [[nodiscard]] std::string public_url() const;
  [[nodiscard]] std::string mail_url() const;
};

// Time goes on from where it was when the store was last written to, also if the machine's clock has gone back since.
void LocalEngine::Parts::take_store(std::unique_ptr<store::KvStore> opened) {
  auto timed = std::make_unique<store::TimedStore>(std::move(opened), env().clock);
  if (const auto newest = timed->newest(); newest.has_value()) {
    if (!options.virtual_clock) system.clock().start_from(*newest);
    if (options.virtual_clock && *newest > manual_clock.now()) manual_clock.advance(*newest - manual_clock.now());
  }
  store = std::move(timed);
}

ClockRoute::Advance LocalEngine::Parts::clock_mover() {
  if (!options.virtual_clock) return nullptr;
  return [this](base::Duration by) {
    return manual_clock.advance_in_steps(by, [this] { return counted->any_at_work(); });
  };
}

// GET /_till/engine: how the engine itself does.
std::optional<aws::http::Response> LocalEngine::Parts::document(std::string_view path) {
  if (path != "/_till/engine") return engine->document(path);
  const os::IoLoad io = http->io_load();
  aws::http::Response out;
  out.headers.add("Content-Type", "application/json");
  out.body = fmt::format(R"({{"io_handler_runs":{},"io_longest_run_cpu_micros":{},"parked_calls":{}}})",
                         io.handler_runs, io.longest_run_cpu_micros, api->parked_calls());
  return out;
}

void LocalEngine::Parts::make_mailer() {
  const std::string directory = options.data_directory + "/outbox";
  if (options.mail.leaves() && !options.leaves_no_trace) {
    auto made = std::make_unique<OutgoingMail>(options.mail, directory, env());
    outgoing = made.get();
    mailer = std::move(made);
    return;
  }
  outbox = std::make_unique<os::OutboxMailer>(directory, "tillstream@localhost", env().clock, env().random,
                                              os::OutboxMailer::Use::stays, tell);
  mailer = std::make_unique<engine::sns::MailerTo<os::OutboxMailer>>(*outbox);
}

void LocalEngine::Parts::make_like_aws() {
  if (!options.like_aws_seed) return;
  faults = std::make_unique<FaultReport>(env());
  like_aws = std::make_unique<like_aws::LikeAws>(
      env(), like_aws::Options{.seed = *options.like_aws_seed,
                               .calls_per_second = options.like_aws_rates,
                               .pace_clock = &system.wall_clock(),
                               .tell = [this](const like_aws::Fault& fault) { faults->add(fault); }});
}

// Durations are the machine's, also where the engine's clock is virtual.
std::shared_ptr<const server::RequestWatch> LocalEngine::Parts::request_watch() {
  auto out = std::make_shared<server::RequestWatch>();
  out->stopwatch = &system.env().clock;
  request_metrics = std::make_unique<server::RequestMetrics>(std::vector<const aws::ServiceDesc*>{
      &aws::sqs::kService, &aws::dynamodb::kService, &aws::sns::kService, &aws::lambda::kService, &aws::s3::kService,
      &aws::cloudwatch::kService, &aws::logs::kService, &aws::iam::kService, &aws::sts::kService});
  out->observers.push_back(request_metrics.get());
  if (log) out->observers.push_back(log.get());
  return out;
}

std::string LocalEngine::Parts::measured() {
  return engine_metrics({.engine = *engine,
                         .api = *api,
                         .requests = *request_metrics,
                         .store = store_statistics,
                         .io = http->io_load(),
                         .functions_running = counted->running(),
                         .data_directory = options.in_memory ? "" : options.data_directory,
                         .started_at = started_at});
}

std::vector<server::PartState> LocalEngine::Parts::parts_health() {
  return engine_health(
      {.data_directory = options.in_memory ? "" : options.data_directory,
       .has_room = room == nullptr || room->has_room(),
       .connections = http->io_load().connections,
       .connections_max = connections_max,
       .waiting_mails = outgoing != nullptr && options.works ? options.data_directory + "/outbox/waiting" : ""});
}

aws::sqs::Sqs& LocalEngine::Parts::polled_queues(aws::sqs::Sqs& own) {
  aws::sqs::Sqs& behind = like_aws ? like_aws->polled(own) : own;
  if (!room) return behind;
  poll_forwarder = std::make_unique<aws::Forwarder>(
      &behind, [this](const aws::OperationDesc& operation, const void*) -> std::optional<base::AwsError> {
        if (operation.name != "ReceiveMessage" || room->has_room()) return std::nullopt;
        return base::AwsError{.code = "ServiceUnavailable", .message = "The disk is full.", .http_status = 503};
      });
  polled = std::make_unique<aws::sqs::SqsCaller>(*poll_forwarder);
  return *polled;
}

// What answers requests.
void LocalEngine::Parts::make_api() {
  keys =
      std::make_unique<ForeignKeys>(engine->credentials(), options.root, options.any_key, options.listen.is_loopback);
  verifier = std::make_unique<aws::auth::Verifier>(*keys);
  gate = std::make_unique<StoreGate>(*store);
  server::ApiHandler::Options api_options;
  api_options.version = kVersion;
  api_options.instance = instance;
  api_options.clients_clock = &clients_clock();
  if (room) {
    api_options.has_room = [this] { return room->has_room_now(); };
    api_options.accepts_data = [this] { return room->has_room(); };
    api_options.adds_data = DiskRoom::adds_data;
  }
  api_options.document = [this](std::string_view path) { return document(path); };
  api_options.log = tell;
  api_options.parts = [this] { return parts_health(); };
  api_options.watch = watch = request_watch();
  const like_aws::Services real = services_of(*engine);
  if (like_aws) like_aws->take(real);
  api_options.quick_on_io_threads = like_aws == nullptr;  // faults are told, which takes its time
  const like_aws::Services services = like_aws ? like_aws->services() : real;
  api = std::make_unique<server::ApiHandler>(mounts(*engine, services), *verifier, services.authorizer, *gate, env(),
                                             std::move(api_options));
  function_urls =
      engine->function_urls({.verifier = verifier.get(),
                             .clients_clock = &clients_clock(),
                             .work = [this](std::function<void()> work) { api->run(std::move(work)); },
                             .when_durable = [this](std::function<void()> send) { gate->release(std::move(send)); }});
  fork = std::make_unique<UrlFork>(*api, *function_urls, *watch);
  upkeep = std::make_unique<UpkeepRoute>(*fork, system.env(), disk, options.data_directory);
  routes = std::make_unique<ClockRoute>(*upkeep, env(), clock_mover());
  metrics = std::make_unique<MetricsRoute>(
      *routes, [this] { return measured(); }, [this](std::function<void()> work) { api->run(std::move(work)); },
      options.listen.is_loopback || options.open_metrics);
  if (skewed_clock) dated = std::make_unique<DatedReplies>(*metrics, *skewed_clock);
  entrance = std::make_unique<server::StartGate>(dated ? static_cast<aws::http::Handler&>(*dated) : *metrics);
}

// Binds the port. What is asked there waits until the services, which are told the port, have started.
std::expected<void, LocalEngine::Error> LocalEngine::Parts::listen() {
  os::ListenLimits limits;
  limits.message.body_bytes_max = kHttpBodyBytesMax;
  limits.held_body_bytes_max = kLambdaRequestBytesMax;
  limits.connections_max = connections_max;
  limits.work = [this](std::function<void()> work) {
    api->run(std::move(work));
    return true;
  };
  limits.on_refused = [this](int status, std::string_view reason, std::string_view peer) {
    request_metrics->on_http_refused(status);
    if (log) log->on_http_refused(status, reason, peer);
  };
  limits.hosts.open_to_pages = engine::Engine::is_function_url;
  limits.hosts.any_address = !options.listen.is_loopback;
  limits.hosts.names.insert(limits.hosts.names.end(), options.hosts.begin(), options.hosts.end());
  if (const auto links = aws::http::parse_endpoint(options.mail.public_url); links.has_value())
    limits.hosts.names.push_back(links->host);
  const auto bound = http->listen(options.listen.text, options.port, *entrance, limits);
  if (!bound.has_value()) return std::unexpected(Error{bound.error(), kFailed});
  port = *bound;
  return {};
}

// An engine that ends with its command has work of other commands at hand; a signal ends it nevertheless.
void LocalEngine::Parts::await_visitors() {
  if (offer.is_unused()) return;
  constexpr auto kPause = std::chrono::milliseconds(20);
  constexpr auto kQuiet = std::chrono::seconds(1);
  Interruption interruption(system.env());
  base::Clock& clock = system.env().clock;
  std::optional<base::Timestamp> tell_at = clock.now() + kQuiet;
  while (!offer.is_unused() && interruption.pause(kPause)) {
    if (!tell_at.has_value() || clock.now() < *tell_at) continue;
    tell("done; other `till` commands use this one's engine and are waited for (Ctrl-C ends it)");
    tell_at.reset();
  }
}

// By the first name that the user gave it; empty if only this machine reaches it.
std::string LocalEngine::Parts::public_url() const {
  if (options.listen.is_loopback || options.hosts.empty()) return "";
  return fmt::format("http://{}:{}", options.hosts.front(), port);
}

std::string LocalEngine::Parts::mail_url() const {
  if (!options.mail.public_url.empty()) return options.mail.public_url;
  return options.serves ? "" : fmt::format("http://127.0.0.1:{}", kServePort);
}

LocalEngine::LocalEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

std::expected<std::unique_ptr<LocalEngine>, LocalEngine::Error> LocalEngine::open(const LocalEngineOptions& given) {
  auto parts = std::make_unique<Parts>();
  parts->options = given;
  parts->options.data_directory = absolute_directory(given.data_directory);
  const LocalEngineOptions& options = parts->options;
  base::Env& env = parts->env();
  if (const uint64_t files = os::read_limits().open_files; files < kOpenFilesLeast)
    return std::unexpected(Error{
        fmt::format("this process may have {} files open, and an engine with its functions needs {}: raise the hard "
                    "limit (ulimit -Hn; LimitNOFILE= of a service)",
                    files, kOpenFilesLeast),
        kFailed});
  if (!has_threads(parts->system.env().executor)) {
    return std::unexpected(
        Error{fmt::format("the system gives no {} threads, which an engine needs. Raise the limit that is in the way: "
                          "of processes (ulimit -u), of memory (ulimit -v), or the container's of either",
                          kThreadsAtStart),
              kFailed});
  }
  auto run = prepare(options, parts->instance);
  if (!run.has_value()) return std::unexpected(Error{run.error(), kFailed});
  parts->run = std::move(*run);
  const auto reserve = DiskRoom::reserve_of_environment();
  if (!reserve.has_value()) return std::unexpected(Error{reserve.error(), kUsage});
  if (options.in_memory) {
    parts->take_store(store::make_memory_store());
  } else {
    auto opened = open_disk_store(options.data_directory, env, options.accept_data_loss, &parts->store_statistics);
    if (!opened.has_value()) return std::unexpected(opened.error());
    parts->disk = opened->get();
    parts->take_store(std::move(*opened));
    parts->room = std::make_unique<DiskRoom>(parts->system.env(), options.data_directory, *parts->disk, *reserve, tell);
  }
  if (options.log.level != LogOptions::Level::off) {
    auto log = RequestLog::make(options.log);
    if (!log.has_value()) return std::unexpected(Error{log.error(), kFailed});
    parts->log = std::move(*log);
  }
  auto http = os::HttpServer::start({});
  if (!http.has_value()) return std::unexpected(Error{http.error(), kFailed});
  parts->http = std::move(*http);
  parts->functions =
      std::make_unique<os::ProcessFunctionHost>(env, *parts->http, std::nullopt, &parts->system.wall_clock());
  parts->counted = std::make_unique<CountedFunctions>(*parts->functions, parts->system.env().clock, env.clock);
  parts->make_mailer();
  auto transport = os::HttpTransport::make({.response_body_bytes_max = kWebhookAnswerBytesMax});
  if (!transport.has_value()) return std::unexpected(Error{transport.error(), kFailed});
  parts->transport = std::move(*transport);
  engine::EngineOptions engine_options;
  engine_options.code_directory = options.data_directory + "/run-" + parts->instance + "/code";
  engine_options.auto_confirm_email = parts->outgoing == nullptr;
  engine_options.makes_signing_key = !options.leaves_no_trace;
  engine_options.access_key_id = options.root.access_key_id;
  engine_options.secret_access_key = options.root.secret_access_key;
  engine_options.transport = parts->transport.get();
  if (options.lenient) engine_options.lenient = warn_of_leniency;
  engine_options.throttle = options.throttle;
  engine_options.works = options.works;
  if (options.clock_skew != base::Duration(0))
    parts->skewed_clock = std::make_unique<SkewedClock>(parts->system.wall_clock(), options.clock_skew);
  parts->make_like_aws();
  engine_options.delay_queue_recreation = options.like_aws_seed.has_value();
  engine_options.polled = [&](aws::sqs::Sqs& own) -> aws::sqs::Sqs& { return parts->polled_queues(own); };
  if (parts->like_aws)
    engine_options.notified = [&](aws::lambda::Lambda& own) -> aws::lambda::Lambda& {
      return parts->like_aws->notified(own);
    };
  parts->engine = std::make_unique<engine::Engine>(*parts->store, env, *parts->counted, *parts->mailer, engine_options);
  if (parts->faults) parts->faults->put_into(&parts->engine->cloudwatch());
  parts->make_api();
  if (const auto bound = parts->listen(); !bound.has_value()) return std::unexpected(bound.error());
  std::unique_ptr<LocalEngine> made(new LocalEngine(std::move(parts)));
  made->parts_->engine->start(made->endpoint_url(), made->parts_->public_url(), made->parts_->mail_url());
  if (made->parts_->outgoing != nullptr && options.works) made->parts_->outgoing->start();
  made->parts_->entrance->open();
  // A store has one engine, which says where it serves; one in memory does not speak over another that does.
  const bool speaks = !options.in_memory || !answers(*made->parts_->transport, read_endpoint(options.data_directory));
  if (speaks && !options.leaves_no_trace)
    made->parts_->offer = EndpointOffer(options.data_directory, {made->endpoint_url(), made->parts_->instance,
                                                                 options.root, options.works, options.serves});
  return made;
}

LocalEngine::~LocalEngine() {
  parts_->offer.withdraw();
  if (!parts_->options.serves) parts_->await_visitors();
  parts_->entrance->close();
  if (parts_->outgoing != nullptr) {
    if (!parts_->options.serves) parts_->outgoing->finish(kMailPatience);
    parts_->outgoing->stop();
  }
  parts_->engine->stop();
  parts_->http->stop(std::chrono::seconds(2));
}

uint16_t LocalEngine::port() const {
  return parts_->port;
}

std::string LocalEngine::endpoint_url() const {
  return parts_->options.listen.local_url(parts_->port);
}

}  // namespace cli
