// till serve.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "cli/commands.h"
#include "cli/daily_backups.h"
#include "cli/data_directory.h"
#include "cli/definition_file.h"
#include "cli/email_options.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/version.h"
#include "os/env.h"
#include "os/service_notice.h"
#include "os/signals.h"

namespace cli {

namespace {

constexpr std::string_view kRootNeeded =
    ": beyond loopback the engine does not start with test/test, which everybody knows; set TILL_ROOT_ACCESS_KEY_ID "
    "and TILL_ROOT_SECRET_ACCESS_KEY to a key of your own, or let --root-key FILE make one";

constexpr auto kServices =
    std::to_array<std::string_view>({"sqs", "sns", "lambda", "dynamodb", "s3", "cloudwatch", "logs", "iam", "sts"});

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// The seed that was given, or one that nobody knows yet.
std::optional<uint64_t> seed_of(const ServeOptions& options) {
  if (options.like_aws.empty()) return std::nullopt;
  if (options.like_aws != kDrawnSeed) return parse_number<uint64_t>(options.like_aws);
  os::SystemEnv system;
  return base::random_below(system.env().random, 1'000'000'000);  // short enough to be typed again
}

std::map<std::string, double> rates_of(const ServeOptions& options) {
  std::map<std::string, double> out;
  for (const std::string& rate : options.like_aws_rates) out.insert(*parse_like_aws_rate(rate));
  return out;
}

// Why the options cannot be, or "".
std::string refusal(const ServeOptions& options, const ListenAddress& listen) {
  if (options.like_aws.empty() && !options.like_aws_rates.empty())
    return "serve: --like-aws-rate limits calls of an engine that behaves like AWS: add --like-aws";
  if (listen.is_loopback) return "";
  if (options.any_key)
    return "serve: --any-key lets in everybody who reaches the port, so it goes with a loopback address only, not "
           "with " +
           options.listen;
  return "";
}

// Why root's key cannot be, or "".
std::string refusal(const ServeOptions& options, const ListenAddress& listen, const RootCredentials& root) {
  if (listen.is_loopback) return "";
  if (root.is_default()) return "serve: --listen " + options.listen + std::string(kRootNeeded);
  if (!root.is_short()) return "";
  return fmt::format(
      "serve: --listen {}: the secret in {} has fewer than {} characters, and whoever reaches the port "
      "may try as many as they like: beyond loopback make it longer, or let --root-key FILE make one",
      options.listen, options.root_key.empty() ? "TILL_ROOT_SECRET_ACCESS_KEY" : options.root_key,
      RootCredentials::kSecretLengthMin);
}

void warn(const ServeOptions& options, const ListenAddress& listen) {
  if (options.any_key)
    print_error(
        "warning: --any-key: requests with an unknown access key are root's, and their signatures are not verified");
  if (!options.root_key.empty() && RootCredentials::others_may_read(options.root_key))
    print_error(fmt::format("warning: others than its owner may read {}, which has root's key in it; `chmod 600 {}`",
                            options.root_key, options.root_key));
  if (!listen.is_loopback && options.clock == "virtual")
    print_error("warning: whoever reaches " + options.listen + " can turn the clock forward, which needs no key");
}

std::expected<LogOptions, std::string> log_options(const ServeOptions& options) {
  auto out = LogOptions::from_environment(LogOptions::Level::warn);
  if (!out.has_value()) return out;
  if (!options.log.empty()) out->level = LogOptions::parse_level(options.log).value_or(out->level);
  if (!options.log_format.empty()) out->json = options.log_format == "json";
  return out;
}

// A service manager that waits in vain ends the service, so it is worth a line.
void tell(const std::string& state) {
  if (const auto told = os::tell_service_manager(state); !told.has_value()) print_error("serve: " + told.error());
}

std::expected<RootCredentials, std::string> root_credentials(const GlobalOptions& global, const ServeOptions& options) {
  auto root = RootCredentials::from_environment();
  if (options.root_key.empty() || !root.has_value()) return root;
  if (!root->is_default())
    return std::unexpected("root's key is in the environment and in --root-key; give it in one of them");
  // A key that is made in the data directory must not be what makes it somebody else's.
  const std::string data = absolute_directory(global.data_directory);
  if (!options.in_memory && std::filesystem::path(absolute_directory(options.root_key)).parent_path() == data)
    if (auto claimed = claim_data_directory(data); !claimed.has_value())
      return std::unexpected(std::move(claimed).error());
  os::SystemRandom random;
  return RootCredentials::of_file(options.root_key, random);
}

}  // namespace

bool is_like_aws_seed(const std::string& text) {
  return parse_number<uint64_t>(text).has_value();
}

std::optional<std::pair<std::string, double>> parse_like_aws_rate(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return std::nullopt;
  const std::string service = text.substr(0, equals);
  const auto calls = parse_number<double>(std::string_view(text).substr(equals + 1));
  if (std::ranges::find(kServices, service) == kServices.end() || !calls || !std::isfinite(*calls) || *calls <= 0)
    return std::nullopt;
  return std::pair(service, *calls);
}

int serve(const GlobalOptions& global, const ServeOptions& options) {
  if (!global.endpoint.empty()) {
    print_error("serve: it is the engine, at --listen and --port, so it takes no --endpoint");
    return kUsage;
  }
  if (options.in_memory && !options.backup_to.empty()) {
    print_error("serve: --memory keeps nothing, so there is nothing for --backup-to");
    return kUsage;
  }
  const ListenAddress listen = ListenAddress::parse(options.listen).value_or(ListenAddress());
  auto definition = load_definition(global.file);
  auto mail = definition.has_value() ? email_options(*definition) : std::unexpected(definition.error());
  std::string refused = refusal(options, listen);
  if (refused.empty() && !mail.has_value()) refused = mail.error();
  if (!refused.empty()) {
    print_error(refused);
    return kUsage;
  }
  const auto root = root_credentials(global, options);  // may make its file
  refused = root.has_value() ? refusal(options, listen, *root) : "serve: " + root.error();
  if (!refused.empty()) {
    print_error(refused);
    return kUsage;
  }
  const auto log = log_options(options);
  if (!log.has_value()) {
    print_error("serve: " + log.error());
    return kUsage;
  }
  warn(options, listen);
  if (mail->leaves()) print_error(fmt::format("mail: e-mails leave by {}, from {}", mail->server.url, mail->from));
  const std::optional<uint64_t> seed = seed_of(options);
  if (seed)
    print_error(
        fmt::format("like-aws: behaves as AWS may, by the seed {0}; the same again with --like-aws={0}", *seed));
  os::SignalWaiter signals;
  auto engine = LocalEngine::open({.data_directory = global.data_directory,
                                   .in_memory = options.in_memory,
                                   .port = options.port,
                                   .serves = true,
                                   .mail = std::move(*mail),
                                   .accept_data_loss = options.accept_data_loss,
                                   .lenient = options.lenient,
                                   .virtual_clock = options.clock == "virtual",
                                   .throttle = options.throttle == "on",
                                   .listen = listen,
                                   .hosts = options.hosts,
                                   .root = *root,
                                   .open_metrics = options.open_metrics,
                                   .any_key = options.any_key,
                                   .clock_skew = std::chrono::seconds(options.clock_skew_seconds),
                                   .like_aws_seed = seed,
                                   .like_aws_rates = rates_of(options),
                                   .log = *log});
  if (!engine.has_value()) {
    print_error(engine.error().message);
    return engine.error().exit_code;
  }
  const std::string beyond = listen.is_loopback ? "" : fmt::format(" (listening on {})", listen.text);
  print_line(fmt::format("till {} on {}{}, data in {}. Ready.", kVersion, (*engine)->endpoint_url(), beyond,
                         options.in_memory ? "memory" : global.data_directory));
  tell("READY=1\nSTATUS=" + (*engine)->endpoint_url());
  std::optional<DailyBackups> backups;
  if (!options.backup_to.empty())
    backups.emplace(global, BackupOptions{.to = options.backup_to, .keep = options.backup_keep, .goes_on = {}});
  signals.wait();
  tell("STOPPING=1");
  backups.reset();
  return kOk;
}

}  // namespace cli
