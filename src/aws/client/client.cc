#include "aws/client/client.h"

#include <algorithm>

#include "aws/client/repeatable.h"
#include "aws/codec/codec.h"
#include "aws/http/failure.h"
#include "aws/http/shown_url.h"

namespace aws::client {
namespace {

constexpr std::size_t kSigningKeys = 16;  // one for each service and set of credentials in use

// A signature holds for 5 minutes at most services (15 at S3).
constexpr base::Duration kSkewMax = std::chrono::minutes(4);
constexpr std::string_view kUnclear = "whether the operation took effect is unknown, so it was not sent again";
constexpr std::string_view kNoTimeLeft = "there was no time for another attempt";
constexpr std::string_view kQuotaIsUsedUp = "too many calls have failed lately, so it was not sent again";
constexpr std::string_view kEarlierIsUnclear = "whether an earlier attempt took effect is unknown";

void append(std::string& message, std::string_view more) {
  message.append(message.empty() ? "" : "; ").append(more);
}

// Of a failure that has no text: a page of a proxy, a redirect, a load balancer without servers.
std::string foreign_answer(const http::Response& response) {
  std::string out = response.body.empty() ? "an empty answer" : "an answer";
  if (const std::string_view type = response.headers.get("Content-Type"); !type.empty())
    out.append(" of the type ").append(type.substr(0, 100));
  out.append(", which is not what AWS's API answers");
  if (const std::string_view location = response.headers.get("Location"); !location.empty())
    out.append(" and leads to ").append(http::without_user(location.substr(0, 200)));
  return out + "; is the endpoint right?";
}

base::AwsError out_of_time() {
  return {.code = std::string(http::kNotSent),
          .message = "there is no time left to send it",
          .http_status = 0,
          .fault = base::Fault::receiver};
}

// The error of the last of several attempts. Where an earlier one may have been carried out it does not read as if
// nothing was ever sent.
base::Result<void> after_attempts(base::Result<void> result, int tried, bool was_unclear) {
  base::AwsError& error = result.error();
  if (tried > 1) append(error.message, "there were " + std::to_string(tried) + " attempts");
  if (was_unclear && http::nothing_was_sent(error.code)) {
    append(error.message, kEarlierIsUnclear);
    error.code = http::kConnectionLost;
  }
  return result;
}

}  // namespace

Client::Client(http::Transport& transport, CredentialProvider& provider, base::Env& env, ClientOptions options)
    : transport_(transport),
      provider_(provider),
      env_(env),
      options_(std::move(options)),
      signing_keys_(kSigningKeys) {}

void Client::fill_idempotency_tokens(const OperationDesc& operation, void* in) {
  for (const MemberDesc& member : operation.input->members) {
    if (member.idempotency_token && !member.unsupported() && member.get(in) == nullptr)
      *static_cast<std::string*>(member.emplace(in)) = base::make_uuid(env_.random);
  }
}

base::Result<void> Client::dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& /*context*/,
                                    void* in, void* out) {
  fill_idempotency_tokens(operation, in);
  RetryQuota& quota = quota_of(service);
  bool was_corrected = false;
  const int attempts_max = options_.attempts_max.value_or(default_attempts_max(service, options_.retry_mode));
  const bool has_quota = options_.retry_mode != RetryMode::legacy;
  bool was_unclear = false;
  std::optional<int> cost;  // of the last retry
  for (int tried = 0;;) {
    const base::Duration skew = skew_;
    auto [result, answer, has_request] = attempt(service, operation, in, out, skew);
    if (result.has_value()) {
      quota.give_back(cost);
      return result;
    }
    if (!has_request) return after_attempts(std::move(result), tried, was_unclear);
    const Failure failure = failure_of(result.error());
    if (failure.may_be_skew && !was_corrected && corrects_skew(answer, skew)) {
      was_corrected = true;
      continue;
    }
    ++tried;
    if (failure.effect == Failure::Effect::unclear && !is_repeatable(operation, in)) {
      append(result.error().message, kUnclear);
      return after_attempts(std::move(result), tried, was_unclear);
    }
    if (failure.effect == Failure::Effect::final || tried >= attempts_max)
      return after_attempts(std::move(result), tried, was_unclear);
    was_unclear = was_unclear || (failure.effect == Failure::Effect::unclear && !only_reads(operation));
    if (has_quota) cost = quota.take(failure.is_throttling);
    if (has_quota && !cost.has_value()) {
      append(result.error().message, kQuotaIsUsedUp);
      return after_attempts(std::move(result), tried, was_unclear);
    }
    const base::Duration pause = back_off(service, tried, failure.is_throttling, answer, env_.clock.now(), env_.random);
    if (pause >= time_left()) {
      append(result.error().message, kNoTimeLeft);
      return after_attempts(std::move(result), tried, was_unclear);
    }
    base::pause(env_, pause);
  }
}

Client::Attempt Client::attempt(const ServiceDesc& service, const OperationDesc& operation, const void* in, void* out,
                                base::Duration skew) {
  const base::Duration timeout = std::min(options_.timeout, time_left());
  if (timeout <= base::Duration()) return {base::fail(out_of_time()), {}};
  const codec::Codec& codec = codec::codec_for(service, service.protocols.front());
  auto request = codec.encode_request(service, operation, in);
  if (!request.has_value()) return {base::fail(std::move(request).error()), {}, /*has_request=*/false};
  auto credentials = provider_.credentials();
  if (!credentials.has_value()) return {base::fail(std::move(credentials).error()), {}, /*has_request=*/false};
  const http::Endpoint endpoint = options_.endpoints.of(service);
  request->headers.set("Host", http::host_header(endpoint));
  auth::sign(*request, {.credentials = std::move(*credentials),
                        .region = service.id == "iam" ? "us-east-1" : options_.endpoints.region,
                        .service = std::string(service.signing_name),
                        .now = signing_time() + skew,
                        .keys = &signing_keys_});
  CallWatch* const watch = operation.may_wait ? nullptr : options_.watch;
  const uint64_t watched = watch == nullptr ? 0 : watch->begins(service, operation, endpoint);
  auto response = transport_.round_trip(endpoint, std::move(*request), timeout);
  if (watch != nullptr) watch->ends(watched, response.has_value());
  if (!response.has_value()) return {base::fail(std::move(response).error()), {}};
  auto result = codec.decode_response(service, operation, *response, out);
  if (!result.has_value() && result.error().message.empty() && operation.http_method != "HEAD" &&
      result.error().code == std::to_string(response->status))
    result.error().message = foreign_answer(*response);
  return {std::move(result), std::move(response->headers)};
}

RetryQuota& Client::quota_of(const ServiceDesc& service) {
  const std::lock_guard lock(mutex_);
  const auto found = quotas_.find(service.id);
  return found != quotas_.end() ? found->second : quotas_[std::string(service.id)];
}

base::Timestamp Client::signing_time() {
  return (options_.signing_clock != nullptr ? *options_.signing_clock : env_.clock).now();
}

// Whether the server's clock is another than the request was signed by, so that signing by it may do better.
bool Client::corrects_skew(const http::Headers& answer, base::Duration signed_with) {
  const auto date = base::parse_http_date(answer.get("Date"));
  if (!date.has_value()) return false;
  const base::Duration skew = *date - signing_time();
  if (std::chrono::abs(skew - signed_with) <= kSkewMax) return false;
  skew_ = skew;
  return true;
}

}  // namespace aws::client
