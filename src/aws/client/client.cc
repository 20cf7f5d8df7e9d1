#include "aws/client/client.h"

#include <algorithm>
#include <array>

#include "aws/client/repeatable.h"
#include "aws/codec/codec.h"
#include "aws/http/failure.h"

namespace aws::client {
namespace {

constexpr base::Duration kBackOffBase = std::chrono::milliseconds(25);
constexpr base::Duration kBackOffMax = std::chrono::seconds(1);
constexpr std::size_t kSigningKeys = 16;  // one for each service and set of credentials in use

// AWS's names for "later, please" among 4xx errors.
constexpr std::array<std::string_view, 9> kThrottlingCodes = {"Throttling",
                                                              "ThrottlingException",
                                                              "ThrottledException",
                                                              "RequestThrottled",
                                                              "RequestLimitExceeded",
                                                              "TooManyRequestsException",
                                                              "SlowDown",
                                                              "ProvisionedThroughputExceededException",
                                                              "TransactionInProgressException"};

constexpr std::string_view kUnclear = "whether the operation took effect is unknown, so it was not sent again";

// What a failed attempt says about the operation: that a later one does no better, that it was not begun, or nothing.
enum class Failure : uint8_t { final, had_no_effect, unclear };

Failure failure_of(const base::AwsError& error) {
  const bool refused = error.http_status == 429 || error.http_status == 503 || error.code == http::kNotSent ||
                       std::ranges::find(kThrottlingCodes, error.code) != kThrottlingCodes.end();
  if (refused) return Failure::had_no_effect;
  return error.http_status == 0 || error.http_status >= 500 ? Failure::unclear : Failure::final;
}

}  // namespace

http::Endpoint public_endpoint(const ServiceDesc& service, std::string_view region) {
  http::Endpoint endpoint{.tls = true, .host = std::string(service.endpoint_prefix), .port = 443};
  if (service.id != "iam") endpoint.host.append(".").append(region);
  endpoint.host.append(".amazonaws.com");
  return endpoint;
}

Client::Client(http::Transport& transport, CredentialProvider& provider, base::Env& env, ClientOptions options)
    : transport_(transport),
      provider_(provider),
      env_(env),
      options_(std::move(options)),
      signing_keys_(kSigningKeys) {}

void Client::fill_idempotency_tokens(const OperationDesc& operation, void* in) {
  for (const MemberDesc& member : operation.input->members) {
    if (member.idempotency_token && member.get != nullptr && member.get(in) == nullptr)
      *static_cast<std::string*>(member.emplace(in)) = base::make_uuid(env_.random);
  }
}

base::Result<void> Client::dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& /*context*/,
                                    void* in, void* out) {
  fill_idempotency_tokens(operation, in);
  for (int tried = 1;; ++tried) {
    base::Result<void> result = attempt(service, operation, in, out);
    if (result.has_value()) return result;
    const Failure failure = failure_of(result.error());
    if (failure == Failure::unclear && !is_repeatable(operation, in)) {
      result.error().message.append(result.error().message.empty() ? "" : "; ").append(kUnclear);
      return result;
    }
    if (failure == Failure::final || tried >= options_.attempts_max) return result;
    back_off(tried);
  }
}

base::Result<void> Client::attempt(const ServiceDesc& service, const OperationDesc& operation, const void* in,
                                   void* out) {
  const codec::Codec& codec = codec::codec_for(service, service.protocols.front());
  TRY_ASSIGN(http::Request request, codec.encode_request(service, operation, in));
  TRY_ASSIGN(auth::Credentials credentials, provider_.credentials());
  const http::Endpoint endpoint = options_.endpoint ? *options_.endpoint : public_endpoint(service, options_.region);
  request.headers.set("Host", http::host_header(endpoint));
  auth::sign(request, {.credentials = std::move(credentials),
                       .region = service.id == "iam" ? "us-east-1" : options_.region,
                       .service = std::string(service.signing_name),
                       .now = (options_.signing_clock != nullptr ? *options_.signing_clock : env_.clock).now(),
                       .keys = &signing_keys_});
  TRY_ASSIGN(http::Response response, transport_.round_trip(endpoint, std::move(request), options_.timeout));
  return codec.decode_response(service, operation, response, out);
}

void Client::back_off(int attempt) {
  const base::Duration bound = std::min(kBackOffMax, kBackOffBase * (1 << std::min(attempt, 10)));
  const base::Duration wait(
      static_cast<int64_t>(base::random_below(env_.random, static_cast<uint64_t>(bound.count()) + 1)));
  const base::Timestamp until = env_.clock.now() + wait;
  std::mutex mutex;
  const auto never = env_.executor.make_condition();
  std::unique_lock lock(mutex);
  while (env_.clock.now() < until) env_.executor.wait_until(lock, *never, until);
}

}  // namespace aws::client
