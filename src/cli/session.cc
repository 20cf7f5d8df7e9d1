#include "cli/session.h"

#include <simdjson.h>

#include <tuple>

#include "aws/cloudwatch/caller.h"
#include "aws/dynamodb/caller.h"
#include "aws/iam/caller.h"
#include "aws/lambda/caller.h"
#include "aws/logs/caller.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "aws/sts/caller.h"
#include "cli/connection.h"
#include "cli/data_directory.h"
#include "cli/definition_file.h"
#include "cli/email_options.h"
#include "cli/embedded_functions.h"
#include "cli/exit_code.h"
#include "cli/function_package.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/stage_code.h"
#include "cli/written_endpoint.h"
#include "os/env.h"
#include "os/environment.h"
#include "os/http_transport.h"
#include "pipeline/template.h"

namespace cli {
namespace {

// Carries nothing out.
class NoEngine final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context&, void*,
                              void*) override {
    return base::fail({.code = "Local", .message = "this command has no engine"});
  }
};

}  // namespace

struct Session::Parts {
  std::unique_ptr<LocalEngine> local;  // only if this command opened the data directory
  EngineVisit visit;                   // else of the one that has it
  os::SystemEnv system;
  std::unique_ptr<os::HttpTransport> transport;
  std::unique_ptr<Connection> connection;  // null: there is no engine
  NoEngine no_engine;
  std::unique_ptr<aws::s3::S3Caller> s3;
  std::unique_ptr<aws::sqs::SqsCaller> sqs;
  std::unique_ptr<aws::sns::SnsCaller> sns;
  std::unique_ptr<aws::lambda::LambdaCaller> lambda;
  std::unique_ptr<aws::dynamodb::DynamoDbCaller> dynamodb;
  std::unique_ptr<aws::iam::IamCaller> iam;
  std::unique_ptr<aws::sts::StsCaller> sts;
  std::unique_ptr<aws::logs::LogsCaller> logs;
  std::unique_ptr<aws::cloudwatch::CloudWatchCaller> cloudwatch;
  std::string place;  // of the data: "in" a directory or "at" an endpoint; empty: AWS
  pipeline::StackOptions stack_options;
  std::optional<DefinitionFile> file;
  bool wants_original = false;  // --file none
  pipeline::Definition definition;
  // With the definition, or of the definition's stages.
  std::string package;
  std::string package_fault;
  std::unique_ptr<pipeline::Stack> stack;

  // Offers the services by way of this.
  void connect(aws::Dispatcher& c);
  std::expected<void, LocalEngine::Error> take_definition(const GlobalOptions& options);
  std::expected<void, LocalEngine::Error> make_packages();
  std::expected<std::string, LocalEngine::Error> find_engine(const GlobalOptions& options, Use use,
                                                             RootCredentials& root);
};

// An engine of a command's own has the definition that the command names, and no other.
std::expected<void, LocalEngine::Error> Session::Parts::take_definition(const GlobalOptions& options) {
  wants_original = options.file == kNoDefinition;
  if (options.ignore_environment && options.file.empty()) return {};
  auto loaded = load_definition(options.file);
  if (!loaded.has_value()) return std::unexpected(LocalEngine::Error{loaded.error(), kUsage});
  file = std::move(*loaded);
  if (!file.has_value()) return {};
  definition = file->definition;
  stack_options.definition_id = file->id();
  stack_options.rules = definition.rules;
  stack_options.intake = definition.intake;
  if (definition.intake.has_value() && !definition.intake->secret_variable.empty())
    stack_options.intake_secret = os::environment(definition.intake->secret_variable);
  if (stack_options.intake_secret == "") stack_options.intake_secret.reset();  // nobody signs with that
  stack_options.emails = definition.emails;
  stack_options.webhooks = definition.webhooks;
  stack_options.settings = definition.stack;
  stack_options.alarms = definition.alarms;
  stack_options.stages = definition.stages;
  return make_packages();
}

std::expected<void, LocalEngine::Error> Session::Parts::make_packages() {
  std::string_view bare = functions_zip();
  std::string named;
  if (definition.stack.functions_package.has_value()) {
    auto read = read_functions_package(*file);
    if (!read.has_value()) package_fault = read.error();
    named = std::move(read).value_or("");
    if (!named.empty()) bare = named;
    stack_options.architecture = architecture_of(bare);
  }
  auto made = with_files(bare, file->package_files());
  if (!made.has_value()) return std::unexpected(LocalEngine::Error{made.error().message, kFailed});
  package = std::move(*made);
  for (const pipeline::Stage& stage : definition.stages) {
    if (!stage.code.has_value()) continue;
    auto read = read_stage_code(*file, stage);
    if (!read.has_value() && package_fault.empty()) package_fault = read.error();
    // One that cannot be had is empty, so that the difference shows.
    const std::string& zip = stack_options.stage_zips[stage.name] = std::move(read).value_or("");
    if (const std::string own = architecture_of(zip); stage.runtime.starts_with("provided.") && !own.empty())
      stack_options.stage_architectures[stage.name] = own;
  }
  return {};
}

void Session::Parts::connect(aws::Dispatcher& c) {
  s3 = std::make_unique<aws::s3::S3Caller>(c);
  sqs = std::make_unique<aws::sqs::SqsCaller>(c);
  sns = std::make_unique<aws::sns::SnsCaller>(c);
  lambda = std::make_unique<aws::lambda::LambdaCaller>(c);
  dynamodb = std::make_unique<aws::dynamodb::DynamoDbCaller>(c);
  iam = std::make_unique<aws::iam::IamCaller>(c);
  sts = std::make_unique<aws::sts::StsCaller>(c);
  logs = std::make_unique<aws::logs::LogsCaller>(c);
  cloudwatch = std::make_unique<aws::cloudwatch::CloudWatchCaller>(c);
}

// The URL of the engine that serves the directory, else of one of the command's own; `root` becomes that of the former.
// An engine that only looks (`use`) works for nobody and is gone soon, as is one that has the store but serves no more:
// both are waited for.
std::expected<std::string, LocalEngine::Error> Session::Parts::find_engine(const GlobalOptions& options, Use use,
                                                                           RootCredentials& root) {
  constexpr auto kPatience = std::chrono::seconds(10);
  constexpr auto kPause = std::chrono::milliseconds(50);
  const std::string directory = absolute_directory(options.data_directory);
  const base::Timestamp end = system.env().clock.now() + kPatience;
  std::optional<Interruption> interruption;
  while (true) {
    const auto found = has_data(directory);
    if (!found.has_value()) return std::unexpected(LocalEngine::Error{found.error(), kFailed});
    EngineVisit begun = *found ? EngineVisit::begin(directory) : EngineVisit();
    const WrittenEndpoint& written = begun.engine();
    LocalEngine::Error busy{directory + ": another `till` command looks at this data; end it, and try again",
                            kUnreachable};
    if (answers(*transport, written)) {
      if (written.works || use == Use::looks) {
        visit = std::move(begun);
        root = visit.engine().root;
        return visit.engine().url;
      }
    } else {
      const bool leaves_no_trace = !*found && use != Use::makes;
      // A command that measures an engine of its own sends nobody anything.
      auto mail = options.ignore_environment ? MailOptions() : email_options(file);
      if (!mail.has_value()) return std::unexpected(LocalEngine::Error{mail.error(), kUsage});
      const auto log = LogOptions::from_environment(LogOptions::Level::off);
      if (!log.has_value()) return std::unexpected(LocalEngine::Error{log.error(), kUsage});
      auto opened = LocalEngine::open({.data_directory = options.data_directory,
                                       .in_memory = leaves_no_trace,
                                       .leaves_no_trace = leaves_no_trace,
                                       .works = use != Use::looks,
                                       .mail = std::move(*mail),
                                       .root = root,
                                       .log = *log});
      if (opened.has_value()) {
        local = std::move(*opened);
        return local->endpoint_url();
      }
      busy = std::move(opened).error();
    }
    if (!interruption.has_value()) interruption.emplace(system.env());
    if (busy.exit_code != kUnreachable || system.env().clock.now() >= end || !interruption->pause(kPause))
      return std::unexpected(std::move(busy));
  }
}

Session::Session(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Session::~Session() = default;

std::expected<std::unique_ptr<Session>, LocalEngine::Error> Session::open(const GlobalOptions& options, Use use) {
  auto parts = std::make_unique<Parts>();
  if (auto taken = parts->take_definition(options); !taken.has_value()) return std::unexpected(taken.error());
  if (use == Use::makes && !parts->package_fault.empty())
    return std::unexpected(LocalEngine::Error{parts->package_fault, kUsage});
  const Places places = find_places(options, parts->file);
  auto transport = make_transport(options, places);
  if (!transport.has_value()) return std::unexpected(LocalEngine::Error{transport.error(), kFailed});
  parts->transport = std::move(*transport);
  std::string url = places.endpoint.value;
  const bool ours = url.empty() || options.ignore_environment;
  auto root = options.ignore_environment ? RootCredentials() : RootCredentials::from_environment();
  if (!root.has_value()) return std::unexpected(LocalEngine::Error{root.error(), kUsage});
  if (url != "aws") parts->place = url.empty() ? "in " + absolute_directory(options.data_directory) : "at " + url;
  if (url.empty()) {
    if (const auto checked = Connection::check_region(places.region.value, /*is_aws=*/false); !checked.has_value())
      return std::unexpected(LocalEngine::Error{checked.error().message, kUsage});
    auto found = parts->find_engine(options, use, *root);
    if (!found.has_value()) return std::unexpected(std::move(found).error());
    url = std::move(*found);
  }
  auto connection =
      Connection::make(parts->system, *parts->transport, options, places, {.url = url, .is_ours = ours, .root = *root});
  if (!connection.has_value())
    return std::unexpected(
        LocalEngine::Error{std::move(connection.error().message), connection.error().is_usage ? kUsage : kFailed});
  parts->connection = std::move(*connection);
  parts->connect(parts->connection->client());
  aws::Context context;
  const auto identity = parts->sts->get_caller_identity(context, {});
  if (!identity.has_value())
    return std::unexpected(
        LocalEngine::Error{url + ": GetCallerIdentity: " + identity.error().code + ": " + identity.error().message,
                           exit_code_of(identity.error())});
  parts->stack_options.name = places.stack.value;
  parts->stack_options.account = identity->account.value_or("");
  parts->stack_options.region = parts->connection->region();
  return std::unique_ptr<Session>(new Session(std::move(parts)));
}

std::expected<std::unique_ptr<Session>, LocalEngine::Error> Session::without_engine(const GlobalOptions& options) {
  auto parts = std::make_unique<Parts>();
  if (auto taken = parts->take_definition(options); !taken.has_value()) return std::unexpected(taken.error());
  if (!parts->package_fault.empty()) return std::unexpected(LocalEngine::Error{parts->package_fault, kUsage});
  parts->connect(parts->no_engine);
  parts->stack_options.name = find_places(options, parts->file).stack.value;
  parts->stack_options.account = pipeline::kAnyAccount;
  parts->stack_options.region = pipeline::kAnyRegion;
  return std::unique_ptr<Session>(new Session(std::move(parts)));
}

std::unique_ptr<Session> open_session(const GlobalOptions& options, int& exit_code, Use use) {
  auto opened = Session::open(options, use);
  if (opened.has_value()) return std::move(*opened);
  print_error(opened.error().message);
  exit_code = opened.error().exit_code;
  return nullptr;
}

const pipeline::Definition& Session::definition() const {
  return parts_->definition;
}

const std::string& Session::package_fault() const {
  return parts_->package_fault;
}

std::string Session::origin_of(std::string_view key) const {
  return parts_->file.has_value() ? parts_->file->origin_of(key) : std::string();
}

bool Session::has_own_engine() const {
  return parts_->local != nullptr;
}

bool Session::has_passing_engine() const {
  return has_own_engine() || !parts_->visit.engine().serves;
}

bool Session::wants_original() const {
  return parts_->wants_original;
}

std::string Session::where() const {
  const pipeline::StackOptions& stack = parts_->stack_options;
  const std::string place = parts_->place.empty() ? "of AWS in " + stack.region : parts_->place;
  return "account " + stack.account + " " + place;
}

base::Env& Session::env() {
  return parts_->system.env();
}

pipeline::Services Session::services() {
  return {*parts_->s3,  *parts_->sqs, *parts_->sns,  *parts_->lambda,    *parts_->dynamodb,
          *parts_->iam, *parts_->sts, *parts_->logs, *parts_->cloudwatch};
}

std::optional<Session::EngineClock> Session::engine_clock() {
  if (parts_->connection == nullptr || !parts_->connection->endpoint().has_value()) return std::nullopt;
  const auto answer = parts_->transport->round_trip(*parts_->connection->endpoint(), {"GET", "/_till/clock", {}, {}},
                                                    std::chrono::seconds(5));
  if (!answer.has_value() || answer->status != 200) return std::nullopt;  // somebody else's engine
  simdjson::dom::parser parser;
  const auto document = parser.parse(answer->body);
  std::string_view now;
  EngineClock clock;
  if (document["now"].get(now) != simdjson::SUCCESS || document["virtual"].get(clock.is_virtual) != simdjson::SUCCESS)
    return std::nullopt;
  const auto parsed = base::parse_iso8601(now);
  if (!parsed.has_value()) return std::nullopt;
  clock.now = *parsed;
  return clock;
}

base::Timestamp Session::now() {
  const auto clock = engine_clock();
  return clock.has_value() ? clock->now : env().clock.now();
}

bool Session::has_virtual_clock() {
  if (!has_virtual_clock_.has_value()) has_virtual_clock_ = engine_clock().value_or(EngineClock()).is_virtual;
  return *has_virtual_clock_;
}

base::Result<void> Session::advance(base::Duration by) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(by).count();
  TRY_ASSIGN(const auto answer,
             parts_->transport->round_trip(
                 *parts_->connection->endpoint(),
                 {"POST", "/_till/clock/advance", {}, "{\"seconds\":" + std::to_string(seconds) + "}"},
                 std::chrono::seconds(60)));
  if (answer.status == 200) return {};
  return base::fail({.code = "ClockNotAdvanced", .message = answer.body, .http_status = answer.status});
}

void Session::configure(const std::function<void(pipeline::StackOptions&)>& change) {
  change(parts_->stack_options);
}

pipeline::Stack& Session::stack() {
  if (parts_->stack == nullptr) {
    parts_->stack_options.functions_zip = parts_->file.has_value() ? parts_->package : functions_zip();
    parts_->stack_options.wait_hooks = {.tell = [this](const std::string& what) { tell_wait(what); },
                                        .pause = [this](base::Duration how_long) { return pause(how_long); },
                                        .waits_for_failures = !has_own_engine()};
    parts_->stack = std::make_unique<pipeline::Stack>(services(), env(), parts_->stack_options);
  }
  return *parts_->stack;
}

void Session::tell_wait(const std::string& what) {
  print_error("waiting for " + what +
              (has_virtual_clock() ? "; the engine's clock is virtual and has to be moved for that" : ""));
}

bool Session::pause(base::Duration how_long) {
  if (interruption_ != nullptr) return interruption_->pause(how_long);
  if (how_long > base::Duration()) base::pause(env(), how_long);
  return true;
}

InterruptibleStack::InterruptibleStack(Session& session) : session_(session), interruption_(session.env()) {
  session_.interruption_ = &interruption_;
}

InterruptibleStack::~InterruptibleStack() {
  session_.interruption_ = nullptr;
}

const std::string& Session::account() const {
  return parts_->stack_options.account;
}

}  // namespace cli
