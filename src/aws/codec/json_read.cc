// The reading half of json_shape.h: one pass of simdjson On-Demand that walks the text and the tables together.
// On-Demand checks only what it is asked for, so values that nobody wants are walked as well.
#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"
#include "base/time.h"

namespace aws::codec {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kScratchBytesMax = 1 << 20;
constexpr std::size_t kSmallMap = 16;
constexpr double kEpochSecondsMax = 253402300799.0;  // 9999-12-31T23:59:59Z

// The parser and the padded copy of the text that simdjson wants, kept per thread so that a request allocates neither.
// Reading never calls back, so one per thread is enough.
struct Scratch {
  od::parser parser;
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;

  simdjson::padded_string_view copy(std::string_view text) {
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (capacity < needed) {
      capacity = std::max(needed, 2 * capacity);
      buffer = std::make_unique_for_overwrite<char[]>(capacity);
    }
    if (!text.empty()) std::memcpy(buffer.get(), text.data(), text.size());
    std::memset(buffer.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
    return simdjson::padded_string_view(buffer.get(), text.size(), capacity);
  }
  void shrink() {
    if (capacity > kScratchBytesMax) *this = Scratch();
  }
};

thread_local Scratch scratch;

// The keys of one map as they are read. Looking a key up in aws::Map is linear, which a hostile document would make
// quadratic, so a map that grows gets a tree. The views point into simdjson's buffer.
class SeenKeys {
 public:
  // The place of `key` if it was seen, else nullopt and `key` takes the next place.
  std::optional<std::size_t> find_or_add(std::string_view key) {
    if (count_ < kSmallMap) {
      for (std::size_t i = 0; i < count_; ++i)
        if (small_[i] == key) return i;
      small_[count_++] = key;
      return std::nullopt;
    }
    if (large_.empty())
      for (std::size_t i = 0; i < kSmallMap; ++i) large_.emplace(small_[i], i);
    const auto [place, added] = large_.emplace(key, count_);
    if (!added) return place->second;
    ++count_;
    return std::nullopt;
  }

 private:
  std::array<std::string_view, kSmallMap> small_;
  std::size_t count_ = 0;
  std::map<std::string_view, std::size_t> large_;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 8259 section 6. `fractional` tells whether there is a fraction or an exponent.
bool is_number(std::string_view text, bool& fractional) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i != start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const std::size_t integer = i;
  if (!digits() || (text[integer] == '0' && i - integer > 1)) return false;
  fractional = i != text.size();
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

std::string_view trim_right(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// How AWS names the wanted type in its messages.
std::string_view java_name(const TypeDesc& type) {
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
      return "Date";
    case Kind::blob:
      return "Blob";
    case Kind::list:
      return "List";
    case Kind::map:
      return "Map";
    case Kind::structure:
    case Kind::union_structure:
      return type.shape_name;
  }
  return "";
}

base::AwsError read_error(std::string code, std::string message) {
  base::AwsError error;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

std::string blob_message(std::string_view text) {
  if (text.size() % 4 != 0)
    return "Base64 encoded length is expected a multiple of 4 bytes but found: " + std::to_string(text.size());
  const std::size_t pad = text.find('=');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool alphabet = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
    // Bytes beyond ASCII are not quoted: half a character would make the answer invalid UTF-8.
    if (!alphabet && !(c == '=' && text.find_first_not_of('=', pad) == std::string_view::npos))
      return c > ' ' && c < 0x7f ? std::string("Invalid Base64 character: '") + c + "'" : "Invalid Base64 character";
  }
  return "Invalid last non-pad Base64 character dectected";  // AWS's spelling
}

class Reader {
 public:
  Reader(JsonNames names, JsonStrictness strictness, std::string_view java_package)
      : names_(names), strictness_(strictness), java_package_(java_package) {}

  base::Result<void> read(const StructDesc& desc, std::string_view text, void* object) {
    if (!document(desc, text, object)) return base::fail(std::move(*error_));
    if (complaint_.has_value()) return base::fail(std::move(*complaint_));
    return {};
  }

 private:
  // One step of the way from the root to the current value: a member, a map's key, or (no name) a list's index.
  struct Step {
    std::string_view name;
    std::size_t index = 0;
  };

  // All of these return false after a fatal error, which is in error_.
  bool document(const StructDesc& desc, std::string_view text, void* object) {
    od::document root;
    if (const auto e = scratch.parser.iterate(scratch.copy(text)).get(root); e) return malformed(e);
    od::json_type kind;
    if (const auto e = root.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::array) return refuse("Unrecognized collection type class " + in_package(desc.name));
    if (kind != od::json_type::object) return refuse("Unexpected value type in payload");
    od::object members;
    if (const auto e = root.get_object().get(members); e) return malformed(e);
    if (!structure(desc, members, object)) return false;
    if (root.current_location().error() != simdjson::OUT_OF_BOUNDS) return malformed(simdjson::TAPE_ERROR);
    return true;
  }

  bool structure(const StructDesc& desc, od::object object, void* out) {
    if (!enter()) return false;
    const bool top = depth_ == 1;
    std::size_t hint = 0;
    const MemberDesc* chosen = nullptr;  // of a union
    bool several = false;
    for (auto field : object) {
      std::string_view key;
      if (const auto e = field.unescaped_key().get(key); e) return malformed(e);
      od::value value;
      if (const auto e = field.value().get(value); e) return malformed(e);
      bool null = false;
      if (!read_null(value, null)) return false;
      if (null) continue;
      const MemberDesc* member = find(desc, key, hint, top);
      if (member == nullptr || member->unsupported()) {
        bool none = true;
        if (!skip(value, none)) return false;
        const bool refused = member != nullptr && strictness_ == JsonStrictness::request;
        // Lambda, the one service of rest-json, takes such a value as none; DynamoDB has errors of its own for it.
        if (refused && !(none && names_ == JsonNames::wire)) complain_unsupported(key);
        continue;
      }
      several = several || (chosen != nullptr && chosen != member);
      chosen = member;
      steps_[depth_ - 1] = {key};
      in_collection_ = false;
      if (!read(*member->type, member->timestamp_format, value, member->emplace(out))) return false;
    }
    if (desc.is_union) check_union(desc, chosen != nullptr, several);
    --depth_;
    return true;
  }

  // Members usually come in the order of the table, so the search starts behind the last hit.
  const MemberDesc* find(const StructDesc& desc, std::string_view key, std::size_t& hint, bool top) const {
    const std::size_t count = desc.members.size();
    for (std::size_t i = 0, at = hint; i < count; ++i, ++at) {
      if (at >= count) at = 0;
      const MemberDesc& member = desc.members[at];
      if ((names_ == JsonNames::model ? member.name : member.wire()) != key) continue;
      if (top && names_ == JsonNames::wire && member.location != Location::body) continue;
      hint = at + 1;
      return &member;
    }
    return nullptr;
  }

  // protocols.md 4.3 item 6. Not fatal, because AWS looks for wrong types in the whole document first. A response may
  // hold a member that we do not know yet.
  void check_union(const StructDesc& desc, bool any, bool several) {
    if ((any && !several) || strictness_ == JsonStrictness::response) return;
    if (complaint_.has_value()) return;
    const std::string name(desc.name);
    complaint_ = read_error(
        "ValidationException",
        in_its_place("Supplied " + name +
                     (several ? " has more than one datatypes set, must contain exactly one of the supported datatypes"
                              : " is empty, must contain exactly one of the supported datatypes")));
  }

  // DynamoDB says where in a request a union stood, in these two places.
  std::string in_its_place(std::string message) const {
    if (java_package_.empty()) return message;
    if (steps_[0].name == "ExclusiveStartKey") return "The provided starting key is invalid: " + message;
    if (steps_[0].name != "ExpressionAttributeValues") return message;
    return "ExpressionAttributeValues contains invalid value: " + message + " for key " + std::string(steps_[1].name);
  }

  // How DynamoDB's errors name a type that is no array.
  std::string in_package(std::string_view shape_name) const {
    return (java_package_.empty() ? "" : std::string(java_package_) + '.') + std::string(shape_name);
  }
  std::string java_type(const TypeDesc& type) const {
    switch (type.kind) {
      case Kind::list:
        return "java.util.List<" + java_type(*type.list->element) + ">";
      case Kind::map:
        return "java.util.Map<java.lang.String, " + java_type(*type.map->value) + ">";
      case Kind::structure:
      case Kind::union_structure:
        return in_package(type.shape_name);
      case Kind::blob:
        return "java.nio.ByteBuffer";
      case Kind::timestamp:
        return "java.util.Date";
      default:
        return "java.lang." + std::string(java_name(type));
    }
  }
  std::string collection_type(const TypeDesc& type) const {
    const bool map = type.kind == Kind::map;
    if (java_package_.empty()) return map ? "java.util.Map" : "class " + std::string(java_name(type));
    return (map ? "" : "class ") + java_type(type);
  }

  bool read(const TypeDesc& type, TimestampFormat format, od::value value, void* out) {
    switch (type.kind) {
      case Kind::string: {
        std::string_view text;
        if (!string(type, value, text)) return false;
        static_cast<std::string*>(out)->assign(text);
        return true;
      }
      case Kind::blob:
        return blob(type, value, *static_cast<std::string*>(out));
      case Kind::boolean:
        return boolean(type, value, *static_cast<bool*>(out));
      case Kind::integer:
        return integer(type, value, *static_cast<int32_t*>(out));
      case Kind::long_integer:
        return integer(type, value, *static_cast<int64_t*>(out));
      case Kind::floating:
        return floating(type, value, *static_cast<double*>(out));
      case Kind::timestamp:
        return timestamp(type, format == TimestampFormat::protocol_default ? type.timestamp_format : format, value,
                         *static_cast<base::Timestamp*>(out));
      case Kind::list:
        return list(type, value, out);
      case Kind::map:
        return map(type, value, out);
      case Kind::structure:
      case Kind::union_structure: {
        od::object object;
        if (!open(type, value, object)) return false;
        return structure(*type.structure, object, out);
      }
    }
    return true;
  }

  bool string(const TypeDesc& type, od::value value, std::string_view& text) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::string) return wrong_type(type, value, kind);
    if (const auto e = value.get_string().get(text); e) return malformed(e);
    return true;
  }

  bool blob(const TypeDesc& type, od::value value, std::string& out) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::boolean || kind == od::json_type::number)
      return check_scalar(value) && refuse("only base-64-encoded strings are convertible to bytes");
    std::string_view text;
    if (!string(type, value, text)) return false;
    std::optional<std::string> bytes = base::base64_decode(text);
    if (!bytes.has_value()) return refuse(blob_message(text));
    out = std::move(*bytes);
    return true;
  }

  bool boolean(const TypeDesc& type, od::value value, bool& out) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::boolean) return wrong_type(type, value, kind);
    if (const auto e = value.get_bool().get(out); e) return malformed(e);
    return true;
  }

  bool number_text(const TypeDesc& type, od::value value, std::string_view& text, bool& fractional) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::number) return wrong_type(type, value, kind);
    text = trim_right(value.raw_json_token());
    return is_number(text, fractional) || malformed(simdjson::NUMBER_ERROR);
  }

  template <class Integer>
  bool integer(const TypeDesc& type, od::value value, Integer& out) {
    std::string_view text;
    bool fractional = false;
    if (!number_text(type, value, text, fractional)) return false;
    if (!fractional) {
      if (std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc()) return true;
      return refuse("NUMBER_VALUE cannot be converted to " + std::string(java_name(type)));
    }
    // "3.0" and "1e3" are integers too, as long as a double holds them exactly.
    double wide = 0;
    constexpr double kExactMax = 9007199254740992.0;
    const bool read = std::from_chars(text.data(), text.data() + text.size(), wide).ec == std::errc();
    if (!read || std::trunc(wide) != wide || std::abs(wide) > kExactMax ||
        wide < double(std::numeric_limits<Integer>::min()) || wide > double(std::numeric_limits<Integer>::max()))
      return refuse("DECIMAL_VALUE cannot be converted to " + std::string(java_name(type)));
    out = static_cast<Integer>(wide);
    return true;
  }

  bool floating(const TypeDesc& type, od::value value, double& out) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::string) {  // what JSON numbers cannot say; no other text is a number
      std::string_view word;
      if (!string(type, value, word)) return false;
      if (word != "NaN" && word != "Infinity" && word != "-Infinity")
        return refuse("STRING_VALUE cannot be converted to Double");
      out = word == "NaN" ? std::nan("") : word == "Infinity" ? HUGE_VAL : -HUGE_VAL;
      return true;
    }
    std::string_view text;
    bool fractional = false;
    if (!number_text(type, value, text, fractional)) return false;
    if (std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc()) return true;
    return refuse("NUMBER_VALUE cannot be converted to Double");
  }

  bool timestamp(const TypeDesc& type, TimestampFormat format, od::value value, base::Timestamp& out) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::string) {
      std::string_view text;
      if (!string(type, value, text)) return false;
      const auto parsed = format == TimestampFormat::rfc822 ? base::parse_http_date(text) : base::parse_iso8601(text);
      if (!parsed.has_value()) return refuse("STRING_VALUE cannot be converted to Date");
      out = *parsed;
      return true;
    }
    std::string_view text;
    bool fractional = false;
    if (!number_text(type, value, text, fractional)) return false;
    double seconds = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc() ||
        std::abs(seconds) > kEpochSecondsMax)
      return refuse("NUMBER_VALUE cannot be converted to Date");
    out = base::Timestamp(base::Duration(std::llround(seconds * 1e6)));
    return true;
  }

  bool list(const TypeDesc& type, od::value value, void* out) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::array) return wrong_type(type, value, kind);
    od::array elements;
    if (const auto e = value.get_array().get(elements); e) return malformed(e);
    if (!enter()) return false;
    std::size_t index = 0;
    for (auto item : elements) {
      od::value element;
      if (const auto e = item.get(element); e) return malformed(e);
      steps_[depth_ - 1] = {{}, ++index};
      in_collection_ = true;
      bool null = false;
      if (!read_null(element, null)) return false;
      if (null) {
        if (!null_entry(*type.list->element)) return false;
        continue;
      }
      if (!read(*type.list->element, TimestampFormat::protocol_default, element, type.list->append(out))) return false;
    }
    --depth_;
    return true;
  }

  bool map(const TypeDesc& type, od::value value, void* out) {
    od::object object;
    if (!open(type, value, object) || !enter()) return false;
    SeenKeys seen;
    for (auto field : object) {
      std::string_view key;
      if (const auto e = field.unescaped_key().get(key); e) return malformed(e);
      od::value entry;
      if (const auto e = field.value().get(entry); e) return malformed(e);
      steps_[depth_ - 1] = {key};
      in_collection_ = true;
      bool null = false;
      if (!read_null(entry, null)) return false;
      if (null) {
        if (!null_entry(*type.map->value)) return false;
        continue;
      }
      const std::optional<std::size_t> place = seen.find_or_add(key);
      void* slot = place ? type.map->replace_at(out, *place) : type.map->append_new(out, std::string(key));
      if (!read(*type.map->value, TimestampFormat::protocol_default, entry, slot)) return false;
    }
    --depth_;
    return true;
  }

  // null as an element of a list or a value of a map: nothing that could be left out.
  bool null_entry(const TypeDesc& type) {
    if (strictness_ == JsonStrictness::response) return true;
    if (type.kind != Kind::union_structure)
      return refuse("NULL_VALUE cannot be converted to " + std::string(java_name(type)));
    check_union(*type.structure, false, false);
    return true;
  }

  bool open(const TypeDesc& type, od::value value, od::object& object) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::object) return wrong_type(type, value, kind);
    if (const auto e = value.get_object().get(object); e) return malformed(e);
    return true;
  }

  bool read_null(od::value value, bool& null) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind != od::json_type::null) return true;
    null = true;
    return check_scalar(value);
  }

  // Walks a value that nobody wants, because what is wrong inside it is wrong all the same. `none` becomes false if it
  // says anything: a list has an item, or there is a number, a text or a true.
  bool skip(od::value value, bool& none) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::object) {
      od::object object;
      if (const auto e = value.get_object().get(object); e) return malformed(e);
      if (!enter()) return false;
      for (auto field : object) {
        if (const auto e = field.unescaped_key().error(); e) return malformed(e);
        od::value inner;
        if (const auto e = field.value().get(inner); e) return malformed(e);
        if (!skip(inner, none)) return false;
      }
      --depth_;
      return true;
    }
    if (kind != od::json_type::array) return check_scalar(value, none);
    od::array array;
    if (const auto e = value.get_array().get(array); e) return malformed(e);
    if (!enter()) return false;
    for (auto item : array) {
      none = false;
      od::value inner;
      if (const auto e = item.get(inner); e) return malformed(e);
      if (!skip(inner, none)) return false;
    }
    --depth_;
    return true;
  }

  bool check_scalar(od::value value) {
    bool none = false;
    return check_scalar(value, none);
  }

  bool check_scalar(od::value value, bool& none) {
    od::json_type kind;
    if (const auto e = value.type().get(kind); e) return malformed(e);
    if (kind == od::json_type::string) {
      std::string_view text;
      const auto e = value.get_string().get(text);
      none = none && text.empty();
      return !e || malformed(e);
    }
    const std::string_view token = trim_right(value.raw_json_token());
    none = none && kind != od::json_type::number && token != "true";
    bool fractional = false;
    const bool good = kind == od::json_type::number    ? is_number(token, fractional)
                      : kind == od::json_type::boolean ? token == "true" || token == "false"
                                                       : token == "null";
    return good || malformed(simdjson::TAPE_ERROR);
  }

  bool enter() {
    if (depth_ == kJsonDepthMax)
      return refuse("Could not parse request body into json: nesting is deeper than " + std::to_string(kJsonDepthMax));
    ++depth_;
    return true;
  }

  bool wrong_type(const TypeDesc& type, od::value value, od::json_type kind) {
    const bool list = type.kind == Kind::list, map = type.kind == Kind::map;
    const bool structured = type.kind == Kind::structure || type.kind == Kind::union_structure;
    if (kind == od::json_type::object) return refuse("Start of structure or map found where not expected");
    if (kind == od::json_type::array) return refuse("Unrecognized collection type " + collection_type(type));
    if (!check_scalar(value)) return false;
    if (list || map || (structured && !in_collection_ && !java_package_.empty()))
      return refuse("Unexpected field type");
    if (structured) return refuse("Unexpected value type in payload");
    const std::string_view token = trim_right(value.raw_json_token());
    if (kind == od::json_type::string)
      return refuse(type.kind == Kind::boolean ? "Unexpected token received from parser"
                                               : "STRING_VALUE cannot be converted to " + std::string(java_name(type)));
    bool fractional = false;
    const char* found = token == "true" ? "TRUE" : token == "false" ? "FALSE" : "NUMBER";
    if (kind == od::json_type::number && is_number(token, fractional) && fractional) found = "DECIMAL";
    return refuse(std::string(found) + "_VALUE cannot be converted to " + std::string(java_name(type)));
  }

  bool refuse(std::string message) {
    error_ = read_error("SerializationException", std::move(message));
    return false;
  }

  bool malformed(simdjson::error_code code) {
    return refuse(std::string("Could not parse request body into json: ") + simdjson::error_message(code));
  }

  void complain_unsupported(std::string_view key) {
    if (complaint_.has_value()) return;
    std::string path;
    for (std::size_t i = 0; i + 1 < depth_; ++i) {
      path += steps_[i].name.empty() ? std::to_string(steps_[i].index) : std::string(steps_[i].name);
      path += '.';
    }
    complaint_ = read_error("Unsupported", path.append(key));
  }

  const JsonNames names_;
  const JsonStrictness strictness_;
  const std::string_view java_package_;
  bool in_collection_ = false;  // the value being read is an element of a list or a value of a map
  std::size_t depth_ = 0;
  std::array<Step, kJsonDepthMax> steps_;
  std::optional<base::AwsError> error_;      // ends the reading
  std::optional<base::AwsError> complaint_;  // the first of those that a document of wrong types would hide
};

}  // namespace

base::Result<void> read_json(const StructDesc& desc, std::string_view text, JsonNames names, JsonStrictness strictness,
                             void* object, std::string_view java_package) {
  base::Result<void> result = Reader(names, strictness, java_package).read(desc, text, object);
  scratch.shrink();
  return result;
}

}  // namespace aws::codec
