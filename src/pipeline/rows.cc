#include "pipeline/rows.h"

#include <charconv>

#include "base/encoding.h"

namespace pipeline {

using aws::dynamodb::AttributeValue;

std::string upload_id(std::string_view bucket, std::string_view key, std::string_view etag) {
  std::string name(bucket);
  name.append("/").append(key).append("\n").append(etag);
  return "u-" + base::hex_encode(base::sha256(name)).substr(0, 20);
}

std::string source_of(std::string_view upload_id, uint64_t index) {
  return std::string(upload_id) + "#" + std::to_string(index);
}

AttributeValue text(std::string_view value) {
  return AttributeValue::of_s(std::string(value));
}
AttributeValue number(int64_t value) {
  return AttributeValue::of_n(std::to_string(value));
}

std::string_view text_of(const Item& item, std::string_view attribute) {
  const AttributeValue* value = item.find(attribute);
  if (value == nullptr) return {};
  if (value->is_s()) return value->s();
  return value->is_n() ? std::string_view(value->n()) : std::string_view();
}

std::optional<int64_t> number_of(const Item& item, std::string_view attribute) {
  const std::string_view digits = text_of(item, attribute);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return value;
}

Item quarantine_row(std::string_view body, const Rejection& rejection, std::string_view source, base::Timestamp now) {
  const std::string_view kept = body.substr(0, quarantine::kBodyBytesMax);
  Item row;
  row[quarantine::kBodySha256] = text(base::hex_encode(base::sha256(body)));
  row[quarantine::kReason] = text(rejection.reason);
  row[quarantine::kMessage] = text(rejection.message);
  row[quarantine::kBody] = base::is_utf8(kept) ? text(kept) : AttributeValue::of_b(std::string(kept));
  row[quarantine::kBodyBytes] = number(static_cast<int64_t>(body.size()));
  row[quarantine::kSource] = text(source);
  row[quarantine::kQuarantinedAt] = number(base::to_epoch_milliseconds(now));
  return row;
}

}  // namespace pipeline
