#include "pipeline/intake.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"
#include "pipeline/document_reader.h"
#include "pipeline/order_sender.h"

namespace pipeline {
namespace {

namespace od = simdjson::ondemand;

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kMethodNotAllowed = 405;
constexpr int kUnavailable = 503;

struct Webhook {
  std::string method;
  std::string signature = {};
  std::string body = {};
};

std::expected<Webhook, std::string> parse_webhook(std::string_view payload, const std::string& header) {
  simdjson::dom::parser parser;
  simdjson::dom::element event;
  std::string_view method;
  if (parser.parse(payload.data(), payload.size()).get(event) != simdjson::SUCCESS ||
      event.at_pointer("/requestContext/http/method").get_string().get(method) != simdjson::SUCCESS)
    return std::unexpected("the event has no requestContext.http.method: it is not from a function URL");
  Webhook out{.method = std::string(method)};
  std::string_view text;
  if (event["headers"][header].get_string().get(text) == simdjson::SUCCESS) out.signature = text;
  bool is_base64 = false;
  if (event["isBase64Encoded"].get_bool().get(is_base64) != simdjson::SUCCESS) is_base64 = false;
  if (event["body"].get_string().get(text) != simdjson::SUCCESS) return out;
  const auto decoded = is_base64 ? base::base64_decode(text) : std::string(text);
  if (!decoded.has_value()) return std::unexpected("the event's body is not base64");
  out.body = *decoded;
  return out;
}

// The order or the list of orders in `body`, as it was written. The error is for the sender.
std::expected<std::string, std::string> orders_in(std::string_view body, const std::optional<FieldPath>& records) {
  if (!records.has_value()) return std::string(body);
  od::parser parser;
  const simdjson::padded_string padded(body);
  od::document document;
  std::string_view found;
  od::value value;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.at_pointer(records->pointer()).get(value) != simdjson::SUCCESS)
    return std::unexpected("there is nothing at " + records->pointer());
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return std::unexpected("the body is not JSON");
  od::object object;
  od::array array;
  const bool read =
      type == od::json_type::object
          ? value.get_object().get(object) == simdjson::SUCCESS && object.raw_json().get(found) == simdjson::SUCCESS
          : type == od::json_type::array && value.get_array().get(array) == simdjson::SUCCESS &&
                array.raw_json().get(found) == simdjson::SUCCESS;
  if (!read) return std::unexpected("there is no object and no array at " + records->pointer());
  return std::string(found);
}

// WooCommerce asks in this way, unsigned, whether an address answers before it takes it.
bool is_ping(std::string_view body) {
  constexpr std::string_view kPing = "webhook_id=";
  return body.starts_with(kPing) && body.size() > kPing.size() && body.size() < kPing.size() + 20 &&
         body.find_first_not_of("0123456789", kPing.size()) == body.npos;
}

std::string response(int status, std::string_view body) {
  std::string out = fmt::format(R"({{"statusCode":{},"headers":{{"content-type":"application/json")", status);
  if (status == kMethodNotAllowed) out += R"(,"allow":"POST")";
  if (status == kUnavailable) out += R"(,"retry-after":"5")";
  out += "},\"body\":";
  aws::codec::write_json_string(body, out);
  return out + "}";
}

Intake::Answer refusal(int status, std::string_view told, std::string error) {
  std::string body = "{\"message\":";
  aws::codec::write_json_string(told, body);
  return {.payload = response(status, body + "}"), .status = status, .error = std::move(error)};
}

Intake::Answer acceptance(uint64_t orders) {
  return {.payload = response(kOk, fmt::format("{{\"accepted\":{}}}", orders)), .status = kOk, .orders = orders};
}

}  // namespace

Intake::Intake(aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env, PipelineConfig config,
               IntakeSettings settings, std::string secret)
    : sqs_(sqs),
      dynamodb_(dynamodb),
      env_(env),
      config_(std::move(config)),
      settings_(std::move(settings)),
      secret_(std::move(secret)) {}

std::expected<Intake::Answer, std::string> Intake::handle(std::string_view payload) {
  const auto webhook = parse_webhook(payload, settings_.header);
  if (!webhook.has_value()) return std::unexpected(webhook.error());
  if (webhook->method != "POST") return refusal(kMethodNotAllowed, "orders come by POST", "a " + webhook->method);
  if (is_ping(webhook->body)) return acceptance(0);
  if (!is_signed(settings_, secret_, webhook->signature, webhook->body, env_.clock.now()))
    return refusal(kUnauthorized, "the signature is not there, wrong or too old",
                   webhook->signature.empty() ? "no header " + settings_.header : "the signature is wrong or too old");
  const auto orders = orders_in(webhook->body, settings_.records);
  if (!orders.has_value()) return refusal(kBadRequest, orders.error(), orders.error());
  // All of them are found before the first is sent: a body that breaks off is refused as a whole.
  DocumentReader reader;
  reader.feed(*orders);
  reader.finish();
  std::vector<RecordSplitter::Order> records;
  while (auto record = reader.next()) records.push_back(std::move(*record));
  if (!reader.error().empty()) return refusal(kBadRequest, reader.error(), reader.error());
  const uint64_t count = records.size();
  // The same body sent again is the same delivery: its orders count once.
  OrderSender sender(sqs_, dynamodb_, env_, config_,
                     "w-" + base::hex_encode(base::sha256(webhook->body)).substr(0, 20));
  for (RecordSplitter::Order& record : records) sender.send(std::move(record));
  const std::string failure = sender.finish();
  if (!failure.empty()) return refusal(kUnavailable, "the orders could not be taken now; send them again", failure);
  Answer answer = acceptance(count);
  answer.quarantined = sender.quarantined();
  return answer;
}

}  // namespace pipeline
