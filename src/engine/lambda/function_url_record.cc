#include "engine/lambda/function_url_record.h"

#include <fmt/format.h>

#include <chrono>

#include "engine/arn.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/url_address.h"
#include "engine/record.h"

namespace engine::lambda {
namespace {

enum Field : uint32_t {
  kAccount = 1,
  kRegion = 2,
  kFunctionName = 3,
  kAlias = 4,
  kUrlId = 5,
  kAuthType = 6,
  kInvokeMode = 7,
  kCreated = 8,
  kLastModified = 9,
  kCors = 10,  // a record of its own
};

enum CorsField : uint32_t {
  kAllowCredentials = 1,
  kMaxAge = 2,
  // A list that is there but empty has a field of the number after it.
  kAllowHeader = 10,
  kAllowMethod = 20,
  kAllowOrigin = 30,
  kExposeHeader = 40,
};
constexpr uint32_t kEmptyListAfter = 1;

using Strings = std::optional<std::vector<std::string>>;

void write_list(RecordWriter& writer, uint32_t field, const Strings& list) {
  if (!list) return;
  if (list->empty()) writer.number(field + kEmptyListAfter, 1);
  for (const std::string& item : *list) writer.text(field, item);
}

bool read_list(const RecordReader& reader, uint32_t field, Strings& list) {
  if (reader.field() != field && reader.field() != field + kEmptyListAfter) return false;
  if (!list) list.emplace();
  if (reader.field() == field) list->emplace_back(reader.text());
  return true;
}

RecordWriter encode_cors(const aws::lambda::Cors& cors) {
  RecordWriter writer;
  if (cors.allow_credentials) writer.number(kAllowCredentials, *cors.allow_credentials ? 1 : 0);
  if (cors.max_age) writer.number(kMaxAge, static_cast<uint64_t>(*cors.max_age));
  write_list(writer, kAllowHeader, cors.allow_headers);
  write_list(writer, kAllowMethod, cors.allow_methods);
  write_list(writer, kAllowOrigin, cors.allow_origins);
  write_list(writer, kExposeHeader, cors.expose_headers);
  return writer;
}

std::optional<aws::lambda::Cors> decode_cors(std::string_view bytes) {
  aws::lambda::Cors out;
  RecordReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == kAllowCredentials) out.allow_credentials = reader.number() != 0;
    if (reader.field() == kMaxAge) out.max_age = static_cast<int32_t>(reader.number());
    read_list(reader, kAllowHeader, out.allow_headers) || read_list(reader, kAllowMethod, out.allow_methods) ||
        read_list(reader, kAllowOrigin, out.allow_origins) || read_list(reader, kExposeHeader, out.expose_headers);
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

// As AWS shows it, with six digits: 2024-01-02T03:04:05.678901Z.
std::string shown_time(base::Timestamp time) {
  const auto micros = time.time_since_epoch().count() % 1'000'000;
  std::string seconds = base::format_iso8601_seconds(time);
  seconds.pop_back();
  return fmt::format("{}.{:06}Z", seconds, micros);
}

}  // namespace

std::string FunctionUrlRecord::key() const {
  return keys::function_url(account, region, function_name, alias);
}

std::string FunctionUrlRecord::function_arn() const {
  return make_arn("lambda", region, account, "function:" + function_name + (alias.empty() ? "" : ":" + alias));
}

aws::lambda::FunctionUrlConfig FunctionUrlRecord::configuration(std::string_view endpoint) const {
  aws::lambda::FunctionUrlConfig out;
  out.function_url = function_url(endpoint, url_id);
  out.function_arn = function_arn();
  out.auth_type = auth_type;
  out.invoke_mode = invoke_mode;
  out.cors = cors;
  out.creation_time = shown_time(created);
  out.last_modified_time = shown_time(last_modified);
  return out;
}

std::string FunctionUrlRecord::encode() const {
  RecordWriter writer;
  writer.text(kAccount, account).text(kRegion, region).text(kFunctionName, function_name).text(kAlias, alias);
  writer.text(kUrlId, url_id).text(kAuthType, auth_type).text(kInvokeMode, invoke_mode);
  writer.time(kCreated, created).time(kLastModified, last_modified);
  if (cors) writer.record(kCors, encode_cors(*cors));
  return writer.take();
}

std::optional<FunctionUrlRecord> FunctionUrlRecord::decode(std::string_view bytes) {
  FunctionUrlRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kFunctionName:
        out.function_name = reader.text();
        break;
      case kAlias:
        out.alias = reader.text();
        break;
      case kUrlId:
        out.url_id = reader.text();
        break;
      case kAuthType:
        out.auth_type = reader.text();
        break;
      case kInvokeMode:
        out.invoke_mode = reader.text();
        break;
      case kCreated:
        out.created = reader.time();
        break;
      case kLastModified:
        out.last_modified = reader.time();
        break;
      case kCors:
        out.cors = decode_cors(reader.text());
        if (!out.cors) return std::nullopt;
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::lambda
