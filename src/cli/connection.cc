#include "cli/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "aws/client/client_settings.h"
#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/http/shown_url.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "cli/output.h"
#include "os/environment.h"
#include "os/program_output.h"
#include "pipeline/stack_settings.h"

namespace cli {
namespace {

constexpr std::array<const aws::ServiceDesc*, 9> kServices = {
    &aws::s3::kService,  &aws::sqs::kService, &aws::sns::kService,  &aws::lambda::kService,    &aws::dynamodb::kService,
    &aws::iam::kService, &aws::sts::kService, &aws::logs::kService, &aws::cloudwatch::kService};

std::string variable(const std::string& name) {
  return os::environment(name).value_or("");
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;  // an iterator of the buffer would throw at a directory
  if (!file.is_open() || !(text << file.rdbuf())) return std::nullopt;
  return std::move(text).str();
}

std::expected<std::string, std::string> program_output(const std::vector<std::string>& arguments,
                                                       const std::string& what) {
  return os::program_output(arguments, {.tell = [&what] { print_error("waiting for " + what); }});
}

std::unexpected<Connection::Error> fail(std::string message) {
  return std::unexpected(Connection::Error{std::move(message)});
}

std::unexpected<Connection::Error> misuse(std::string message) {
  return std::unexpected(Connection::Error{std::move(message), /*is_usage=*/true});
}

}  // namespace

std::expected<void, Connection::Error> Connection::check_region(const std::string& region, bool is_aws) {
  if (region.empty())
    return misuse(
        "You must specify a region. You can also configure your region by running \"aws configure\", or name "
        "it by --region, AWS_REGION or the definition's [stack] region");
  if (!pipeline::is_region_name(region))
    return misuse("not a region, such as eu-west-1: " + region +
                  " (--region, AWS_REGION, AWS_DEFAULT_REGION, [stack] region)");
  // ARNs and addresses there are of another partition (arn:aws-cn:..., amazonaws.com.cn).
  const bool foreign = std::ranges::any_of(std::array<std::string_view, 4>{"cn-", "us-gov-", "us-iso", "eusc-"},
                                           [&](std::string_view prefix) { return region.starts_with(prefix); });
  if (!is_aws || !foreign) return {};
  return misuse("region " + region + " is in a partition of AWS (China, GovCloud, ...) that till does not know");
}

std::expected<std::unique_ptr<os::HttpTransport>, std::string> make_transport(const GlobalOptions& options,
                                                                              const Places& places) {
  os::HttpTransportOptions transport{.response_body_bytes_max = 32 << 20};  // objects are read in pieces
  if (!options.ignore_environment && !places.endpoint.value.empty()) {
    auto proxies = os::Proxies::from(variable);
    if (!proxies.has_value()) return std::unexpected(std::move(proxies).error());
    transport.proxies = std::move(*proxies);
    transport.ca_bundle = places.profile.value("ca_bundle");
  }
  return os::HttpTransport::make(transport);
}

Connection::Connection(os::SystemEnv& system, os::HttpTransport& transport, const GlobalOptions& options,
                       const Places& places)
    : has_profile_flag_(!options.profile.empty()),
      endpoint_setting_(places.endpoint),
      profile_(places.profile),
      system_(system),
      answer_watch_(system.env()),
      client_options_{
          .endpoints = {.region = places.region.value}, .signing_clock = &system.wall_clock(), .watch = &answer_watch_},
      surroundings_{.env = system.env(),
                    .wall_clock = system.wall_clock(),
                    .transport = transport,
                    .variable = variable,
                    .read_file = read_file,
                    .run = program_output,
                    .files = profile_.files,
                    .endpoints = client_options_.endpoints} {}

std::expected<std::unique_ptr<Connection>, Connection::Error> Connection::make(os::SystemEnv& system,
                                                                               os::HttpTransport& transport,
                                                                               const GlobalOptions& options,
                                                                               const Places& places,
                                                                               const Target& target) {
  std::unique_ptr<Connection> made(new Connection(system, transport, options, places));
  if (auto found = made->find_profile(target); !found.has_value()) return std::unexpected(found.error());
  if (auto found = made->find_endpoints(target); !found.has_value()) return std::unexpected(found.error());
  if (auto found = made->find_credentials(target); !found.has_value()) return std::unexpected(found.error());
  made->client_ = std::make_unique<aws::client::Client>(transport, *made->provider_, made->surroundings_.env,
                                                        made->client_options_);
  return made;
}

std::string Connection::access_key_id() const {
  const auto keys = provider_->credentials();
  return keys.has_value() ? keys->access_key_id : std::string();
}

std::expected<void, Connection::Error> Connection::find_profile(const Target& target) const {
  if (!target.is_ours && !profile_.fault.empty()) return fail(profile_.fault);
  const bool is_used = !target.is_ours && !profile_.origin.empty() && (has_profile_flag_ || !has_keys());
  if (!is_used || profile_.files.profile(profile_.name) != nullptr) return {};
  return fail(profile_.not_found());
}

bool Connection::has_keys() const {
  return !has_profile_flag_ && !variable("AWS_ACCESS_KEY_ID").empty();
}

std::expected<void, Connection::Error> Connection::find_endpoints(const Target& target) {
  aws::client::Endpoints& endpoints = client_options_.endpoints;
  const bool is_aws = target.url == "aws";
  if (auto checked = check_region(endpoints.region, is_aws); !checked.has_value()) return checked;
  if (!is_aws) {
    endpoints.all = aws::http::parse_endpoint(target.url);
    if (!endpoints.all.has_value())
      return misuse(endpoint_setting_.origin + ": not an endpoint: " + aws::http::why_no_endpoint(target.url));
  }
  if (target.is_ours) return {};
  const std::string services = profile_.value("services");
  const aws::client::ClientSettings settings{.variable = variable,
                                             .profile = profile_.files.profile(profile_.name),
                                             .own_endpoints = profile_.files.services(services)};
  if (!services.empty() && settings.own_endpoints == nullptr)
    return fail(
        fmt::format("profile {} names the services section \"{}\", which does not exist", profile_.name, services));
  auto set = settings.set_retries(client_options_);
  if (set.has_value() && is_aws) set = settings.set_variants(endpoints);
  // One that was named for this command is for all services.
  if (set.has_value() && (is_aws || endpoint_setting_.is_configured()))
    set = settings.set_own_endpoints(kServices, endpoints);
  if (!set.has_value()) return fail(std::move(set).error());
  return {};
}

std::expected<void, Connection::Error> Connection::find_credentials(const Target& target) {
  const auto of_root = [&] {
    provider_ = std::make_shared<aws::client::FixedCredentials>(
        aws::auth::Credentials{target.root.access_key_id, target.root.secret_access_key, ""});
  };
  const bool is_aws = target.url == "aws";
  if (target.is_ours) {
    of_root();
    return {};
  }
  auto found = aws::client::find_credentials(
      surroundings_, {.profile = profile_.name, .passes_over_environment = has_profile_flag_, .asks_machine = is_aws});
  if (!found.has_value()) return fail(found.error().message);
  provider_ = std::move(*found);
  if (provider_ != nullptr) {
    const auto first = provider_->credentials();
    if (!first.has_value()) return fail(first.error().message);
    return {};
  }
  if (is_aws)
    return fail(
        "Unable to locate credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile by "
        "--profile or AWS_PROFILE");
  of_root();
  return {};
}

}  // namespace cli
