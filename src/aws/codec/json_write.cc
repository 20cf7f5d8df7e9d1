// The writing half of json_shape.h: a walk over the tables that appends to a string.
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "aws/codec/json_shape.h"
#include "aws/codec/scalar_text.h"
#include "base/check.h"
#include "base/encoding.h"
#include "base/time.h"

namespace aws::codec {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Index of the first of eight bytes that is not plain ASCII text of a JSON string (a control, '"', '\' or >= 0x80), or
// 8. The classic zero-byte tests are exact for the lowest hit, which is the only one used.
std::size_t plain_prefix(const char* p) {
  static_assert(std::endian::native == std::endian::little, "the first byte must be the lowest one");
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  const uint64_t quote = word ^ (kOnes * '"');
  const uint64_t backslash = word ^ (kOnes * '\\');
  const uint64_t hits =
      (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | word) &
      kHighs;
  return hits == 0 ? 8 : static_cast<std::size_t>(std::countr_zero(hits)) / 8;
}

// Length of the well-formed UTF-8 sequence that starts with the non-ASCII byte at `p`, or 0 (Unicode table 3-7).
std::size_t sequence_length(const char* p, const char* end) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(p[i]); };
  const std::size_t left = static_cast<std::size_t>(end - p);
  const auto continues = [&](std::size_t i) { return i < left && (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

void append_escape(uint8_t c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

template <class Number>
void append_integer(Number value, std::string& out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

// AWS writes doubles with a fraction ("1.0"), and what JSON cannot say as strings.
void append_floating(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  append_finite(value, out);
}

void append_epoch_seconds(base::Timestamp t, std::string& out) {
  int64_t ms = base::to_epoch_milliseconds(t);
  if (ms < 0) {
    out += '-';
    ms = -ms;
  }
  append_integer(ms / 1000, out);
  if (const int64_t fraction = ms % 1000; fraction != 0) {
    const char digits[] = {'.', static_cast<char>('0' + fraction / 100), static_cast<char>('0' + fraction / 10 % 10),
                           static_cast<char>('0' + fraction % 10)};
    out.append(digits, sizeof digits);
  }
}

void append_timestamp(base::Timestamp t, TimestampFormat format, std::string& out) {
  switch (format) {
    case TimestampFormat::iso8601:
      write_json_string(base::format_iso8601_milliseconds(t), out);
      return;
    case TimestampFormat::rfc822:
      write_json_string(base::format_http_date(t), out);
      return;
    case TimestampFormat::protocol_default:
    case TimestampFormat::epoch_seconds:
      append_epoch_seconds(t, out);
      return;
  }
}

class Writer {
 public:
  Writer(JsonNames names, std::string& out) : names_(names), out_(out) {}

  void structure(const StructDesc& desc, const void* object, bool top) {
    char separator = '{';
    for (const MemberDesc& member : desc.members) {
      if (member.unsupported() || (top && names_ == JsonNames::wire && member.location != Location::body)) continue;
      const void* value = member.get(object);
      if (value == nullptr) continue;
      out_ += separator;
      separator = ',';
      out_ += '"';
      out_ += names_ == JsonNames::model ? member.name : member.wire();
      out_ += "\":";
      write(*member.type, member.timestamp_format, value);
    }
    out_ += separator == '{' ? "{}" : "}";
  }

 private:
  void write(const TypeDesc& type, TimestampFormat format, const void* value) {
    switch (type.kind) {
      case Kind::string:
        write_json_string(*static_cast<const std::string*>(value), out_);
        return;
      case Kind::boolean:
        out_ += *static_cast<const bool*>(value) ? "true" : "false";
        return;
      case Kind::integer:
        append_integer(*static_cast<const int32_t*>(value), out_);
        return;
      case Kind::long_integer:
        append_integer(*static_cast<const int64_t*>(value), out_);
        return;
      case Kind::floating:
        append_floating(*static_cast<const double*>(value), out_);
        return;
      case Kind::timestamp:
        append_timestamp(*static_cast<const base::Timestamp*>(value),
                         format == TimestampFormat::protocol_default ? type.timestamp_format : format, out_);
        return;
      case Kind::blob:
        out_ += '"';
        out_ += base::base64_encode(*static_cast<const std::string*>(value));
        out_ += '"';
        return;
      case Kind::list:
        list(*type.list, value);
        return;
      case Kind::map:
        map(*type.map, value);
        return;
      case Kind::structure:
      case Kind::union_structure:
        structure(*type.structure, value, false);
        return;
    }
  }

  void list(const ListAccess& access, const void* value) {
    const std::size_t count = access.size(value);
    out_ += '[';
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ',';
      write(*access.element, TimestampFormat::protocol_default, access.at(value, i));
    }
    out_ += ']';
  }

  void map(const MapAccess& access, const void* value) {
    const std::size_t count = access.size(value);
    out_ += '{';
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ',';
      write_json_string(access.key_at(value, i), out_);
      out_ += ':';
      write(*access.value, TimestampFormat::protocol_default, access.value_at(value, i));
    }
    out_ += '}';
  }

  JsonNames names_;
  std::string& out_;
};

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const char* run = p;  // start of the bytes that are copied as they are
  out += '"';
  while (p != end) {
    if (end - p >= 8) {
      const std::size_t plain = plain_prefix(p);
      p += plain;
      if (plain == 8) continue;
    }
    const uint8_t c = static_cast<uint8_t>(*p);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++p;
      continue;
    }
    if (const std::size_t length = c >= 0x80 ? sequence_length(p, end) : 0; length != 0) {
      p += length;
      continue;
    }
    out.append(run, p);
    if (c >= 0x80)
      out += kReplacement;
    else
      append_escape(c, out);
    run = ++p;
  }
  out.append(run, end);
  out += '"';
}

void write_json(const StructDesc& desc, const void* object, JsonNames names, std::string& out) {
  Writer(names, out).structure(desc, object, true);
}

}  // namespace aws::codec
