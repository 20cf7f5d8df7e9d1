#include "engine/lambda/url_answer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "aws/codec/codec.h"
#include "aws/lambda/lambda.h"
#include "base/encoding.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/limits.h"

namespace engine::lambda {
namespace {

namespace od = simdjson::ondemand;
using aws::http::Headers;
using aws::http::Response;

Response json_response(int status, std::string body, std::string_view request_id) {
  Response out;
  out.status = status;
  out.headers.add("Content-Type", "application/json");
  out.headers.add("x-amzn-RequestId", std::string(request_id));
  out.body = std::move(body);
  return out;
}

Response refusal(int status, const char* code, std::string_view message, std::string_view request_id) {
  Response out = json_response(status, fmt::format(R"({{"Message":"{}"}})", message), request_id);
  out.headers.add("x-amzn-ErrorType", code);
  return out;
}

bool is_null(od::value value) {
  od::json_type type = od::json_type::object;
  return value.type().get(type) == simdjson::SUCCESS && type == od::json_type::null;
}

// A string's text; numbers and booleans as they stand; nothing of null. nullopt: a list or an object.
std::optional<std::string> text_of(od::value value) {
  od::json_type type = od::json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) return std::nullopt;
  if (type == od::json_type::array || type == od::json_type::object) return std::nullopt;
  if (type == od::json_type::null) return std::string();
  std::string_view text;
  if (type == od::json_type::string) {
    if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
  }
  text = value.raw_json_token();
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
}

// RFC 9110 section 5.6.2: what else stands in a name would end it.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || kMarks.contains(c);
  });
}

bool take_headers(od::value value, Headers& headers) {
  od::object object;
  if (is_null(value)) return true;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto field : object) {
    std::string_view name;
    od::value held;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    std::string key(name);
    if (field.value().get(held) != simdjson::SUCCESS) return false;
    auto text = text_of(held);
    if (!text || !is_token(key)) return false;
    // The length is the body's.
    if (!aws::http::equal_ignoring_case(key, "Content-Length")) headers.add(std::move(key), std::move(*text));
  }
  return true;
}

bool take_cookies(od::value value, Headers& headers) {
  od::array list;
  if (is_null(value)) return true;
  if (value.get_array().get(list) != simdjson::SUCCESS) return false;
  for (auto item : list) {
    od::value held;
    if (item.get(held) != simdjson::SUCCESS) return false;
    auto text = text_of(held);
    if (!text) return false;
    headers.add("Set-Cookie", std::move(*text));
  }
  return true;
}

// An object or a list is the JSON that it is.
bool take_body(od::value value, std::string& body) {
  od::json_type type = od::json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == od::json_type::array || type == od::json_type::object) {
    std::string_view json;
    if (simdjson::to_json_string(value).get(json) != simdjson::SUCCESS) return false;
    body = json;
    return true;
  }
  auto text = text_of(value);
  if (!text) return false;
  body = std::move(*text);
  return true;
}

std::optional<int> status_of(od::value value) {
  const auto text = text_of(value);
  int status = 0;
  if (!text) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), status);
  const bool whole = read.ec == std::errc() && read.ptr == text->data() + text->size();
  // What begins with a 1 would not end the exchange.
  return whole && status >= 200 && status <= 599 ? std::optional(status) : std::nullopt;
}

// nullopt: it does not say what the response is.
struct Structured {
  std::optional<int> status;
  bool malformed = false;
  Headers headers;
  std::string body;
  bool base64 = false;
};

std::optional<Structured> read_structured(od::object object) {
  Structured out;
  bool has_status = false;
  for (auto field : object) {
    std::string_view name;
    od::value value;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return std::nullopt;
    const std::string key(name);
    if (field.value().get(value) != simdjson::SUCCESS) return std::nullopt;
    bool ok = true;
    if (key == "statusCode") {
      has_status = true;
      out.status = status_of(value);
      ok = out.status.has_value();
    } else if (key == "headers") {
      ok = take_headers(value, out.headers);
    } else if (key == "cookies") {
      ok = take_cookies(value, out.headers);
    } else if (key == "body") {
      ok = take_body(value, out.body);
    } else if (key == "isBase64Encoded") {
      ok = is_null(value) || value.get_bool().get(out.base64) == simdjson::SUCCESS;
    }
    out.malformed = out.malformed || !ok;
  }
  return has_status ? std::optional(std::move(out)) : std::nullopt;
}

Response response_of(Structured answer, std::string_view request_id) {
  if (answer.base64) {
    auto bytes = base::base64_decode(answer.body);
    if (!bytes) return internal_server_error(request_id);
    answer.body = std::move(*bytes);
  }
  if (answer.malformed) return internal_server_error(request_id);
  Response out;
  out.status = *answer.status;
  out.headers = std::move(answer.headers);
  if (!out.headers.contains("Content-Type")) out.headers.add("Content-Type", "application/json");
  out.headers.add("x-amzn-RequestId", std::string(request_id));
  out.body = std::move(answer.body);
  return out;
}

}  // namespace

Response url_answer(const std::string& payload, std::string_view request_id) {
  if (json_problem(payload)) return internal_server_error(request_id);
  const simdjson::padded_string text(payload);
  od::parser parser;
  od::document document;
  od::json_type type = od::json_type::null;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS || document.type().get(type) != simdjson::SUCCESS) {
    return internal_server_error(request_id);
  }
  if (type == od::json_type::string) {
    std::string_view held;
    if (document.get_string().get(held) != simdjson::SUCCESS) return internal_server_error(request_id);
    return json_response(200, std::string(held), request_id);
  }
  od::object object;
  if (type == od::json_type::object && document.get_object().get(object) == simdjson::SUCCESS) {
    if (auto answer = read_structured(object)) return response_of(std::move(*answer), request_id);
  }
  return json_response(200, payload, request_id);
}

Response internal_server_error(std::string_view request_id) {
  return json_response(502, "Internal Server Error", request_id);
}

Response forbidden(std::string_view request_id) {
  return refusal(403, "AccessDeniedException",
                 "Forbidden. For troubleshooting Function URL authorization issues, see: "
                 "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
                 request_id);
}

Response no_such_url(std::string_view request_id) {
  return refusal(404, "ResourceNotFoundException",
                 "There is no such function URL. GetFunctionUrlConfig tells that of a function.", request_id);
}

Response url_body_too_large(std::string_view request_id) {
  return refusal(
      413, "RequestEntityTooLargeException",
      fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation", kUrlBodyBytesMax),
      request_id);
}

Response url_refusal(const base::AwsError& error, std::string_view request_id) {
  return aws::codec::codec_for(aws::lambda::kService, aws::Protocol::rest_json)
      .encode_error(aws::lambda::kService, error, request_id);
}

}  // namespace engine::lambda
