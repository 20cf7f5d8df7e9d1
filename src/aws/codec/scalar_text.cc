#include "aws/codec/scalar_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "aws/http/message.h"
#include "base/check.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

constexpr double kEpochSecondsMax = 253402300799.0;  // 9999-12-31T23:59:59Z

void append_floating(double number, std::string& out) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else {
    append_finite(number, out);
  }
}

void append_timestamp(base::Timestamp t, TimestampFormat format, IsoDates dates, std::string& out) {
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  const bool whole = std::chrono::floor<std::chrono::milliseconds>(t) == second;
  switch (format) {
    case TimestampFormat::epoch_seconds: {
      out += std::to_string(base::to_epoch_seconds(t));
      if (whole) return;
      const std::string ms = std::to_string(base::to_epoch_milliseconds(t) - base::to_epoch_seconds(t) * 1000);
      out += '.' + std::string(3 - ms.size(), '0') + ms;
      return;
    }
    case TimestampFormat::rfc822:
      out += base::format_http_date(t);
      return;
    case TimestampFormat::iso8601:
    case TimestampFormat::protocol_default:
      break;
  }
  if (dates == IsoDates::s3) {
    out += base::format_iso8601_milliseconds(second);
  } else if (dates == IsoDates::as_needed && !whole) {
    out += base::format_iso8601_milliseconds(t);
  } else {
    out += base::format_iso8601_seconds(t);
  }
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool parse_floating(std::string_view text, double& number) {
  if (text == "NaN") {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    number = (text[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  } else {
    return parse_number(text, number) && std::isfinite(number);  // from_chars would take "inf" and "nan(...)"
  }
  return true;
}

bool parse_timestamp(std::string_view text, base::Timestamp& t) {
  if (const auto iso = base::parse_iso8601(text)) {
    t = *iso;
    return true;
  }
  if (const auto http = base::parse_http_date(text)) {
    t = *http;
    return true;
  }
  double seconds = 0;
  if (!parse_number(text, seconds) || !(std::abs(seconds) <= kEpochSecondsMax)) return false;
  t = base::from_epoch_milliseconds(std::llround(seconds * 1000));
  return true;
}

}  // namespace

TimestampFormat timestamp_format(TimestampFormat of_member, const TypeDesc& type, TimestampFormat of_location) {
  if (of_member != TimestampFormat::protocol_default) return of_member;
  return type.timestamp_format != TimestampFormat::protocol_default ? type.timestamp_format : of_location;
}

void append_finite(double number, std::string& out) {
  const std::size_t start = out.size();
  out += fmt::format("{}", number);
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

void append_scalar(const TypeDesc& type, TimestampFormat format, IsoDates dates, const void* value, std::string& out) {
  switch (type.kind) {
    case Kind::string:
      out += *static_cast<const std::string*>(value);
      return;
    case Kind::boolean:
      out += *static_cast<const bool*>(value) ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(*static_cast<const int32_t*>(value));
      return;
    case Kind::long_integer:
      out += std::to_string(*static_cast<const int64_t*>(value));
      return;
    case Kind::floating:
      append_floating(*static_cast<const double*>(value), out);
      return;
    case Kind::timestamp:
      append_timestamp(*static_cast<const base::Timestamp*>(value), format, dates, out);
      return;
    case Kind::blob:
      out += base::base64_encode(*static_cast<const std::string*>(value));
      return;
    case Kind::list:
    case Kind::map:
    case Kind::structure:
    case Kind::union_structure:
      break;
  }
  CHECK(false, "only scalars are written as bare text");
}

bool parse_scalar(const TypeDesc& type, std::string_view text, void* value) {
  switch (type.kind) {
    case Kind::string:
      *static_cast<std::string*>(value) = text;
      return true;
    case Kind::boolean:
      *static_cast<bool*>(value) = http::equal_ignoring_case(text, "true");
      return *static_cast<bool*>(value) || http::equal_ignoring_case(text, "false");
    case Kind::integer:
      return parse_number(text, *static_cast<int32_t*>(value));
    case Kind::long_integer:
      return parse_number(text, *static_cast<int64_t*>(value));
    case Kind::floating:
      return parse_floating(text, *static_cast<double*>(value));
    case Kind::timestamp:
      return parse_timestamp(text, *static_cast<base::Timestamp*>(value));
    case Kind::blob: {
      auto bytes = base::base64_decode(text);
      if (!bytes) return false;
      *static_cast<std::string*>(value) = *std::move(bytes);
      return true;
    }
    case Kind::list:
    case Kind::map:
    case Kind::structure:
    case Kind::union_structure:
      break;
  }
  return false;
}

std::string_view scalar_word(const TypeDesc& type) {
  switch (type.kind) {
    case Kind::string:
      return "String";
    case Kind::boolean:
      return "Boolean";
    case Kind::integer:
      return "Integer";
    case Kind::long_integer:
      return "Long";
    case Kind::floating:
      return "Double";
    case Kind::timestamp:
      return "Timestamp";
    case Kind::blob:
      return "Blob";
    case Kind::list:
    case Kind::map:
      return "Collection";
    case Kind::structure:
    case Kind::union_structure:
      break;
  }
  return "Structure";
}

}  // namespace aws::codec
