#include "cli/row_text.h"

#include "base/encoding.h"
#include "cli/output.h"
#include "os/local_time.h"
#include "pipeline/currency.h"

namespace cli {

std::string row_json(const pipeline::Item& row) {
  std::string out = "{";
  for (const auto& [name, value] : row) {
    if (out.size() > 1) out.push_back(',');
    if (value.is_b()) {
      out += json_text(name + "_base64") + ":" + json_text(base::base64_encode(value.b()));
      continue;
    }
    out += json_text(name) + ":";
    out += value.is_n() ? value.n() : json_text(pipeline::text_of(row, name));
  }
  return out + "}";
}

std::optional<base::Timestamp> time_at(const pipeline::Item& row, std::string_view attribute) {
  const auto milliseconds = pipeline::number_of(row, attribute);
  return milliseconds.has_value() ? std::optional(base::from_epoch_milliseconds(*milliseconds)) : std::nullopt;
}

std::optional<base::Timestamp> time_of_order(const pipeline::Item& row) {
  const auto occurred = time_at(row, pipeline::orders::kOccurredAt);
  return occurred.has_value() ? occurred : time_at(row, pipeline::orders::kStoredAt);
}

std::string local_or_empty(const std::optional<base::Timestamp>& time) {
  return time.has_value() ? os::local_text(*time) : "";
}

std::optional<int> minor_digits_of(std::string_view currency, const pipeline::Mapping& mapping) {
  const auto own = mapping.minor_digits.find(currency);
  return own != mapping.minor_digits.end() ? own->second : pipeline::minor_unit_digits(currency);
}

std::string money_text(std::string_view number, std::optional<int> minor_digits) {
  std::string out(number);
  const auto wanted = static_cast<std::size_t>(minor_digits.value_or(0));
  const std::size_t point = out.find('.');
  const std::size_t has = point == std::string::npos ? 0 : out.size() - point - 1;
  if (has >= wanted || out.empty()) return out;
  if (point == std::string::npos) out.push_back('.');
  return out.append(wanted - has, '0');
}

}  // namespace cli
