// The reading half of cbor_shape.h: one pass over the bytes that walks the tables beside them.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "aws/codec/cbor_shape.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

enum Major : uint8_t {
  kUnsigned = 0,
  kNegative = 1,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7
};
// What the low five bits of a simple value mean (RFC 8949 section 3.3), and of any item: its length comes in pieces.
enum Low : uint8_t { kFalse = 20, kTrue = 21, kNull = 22, kUndefined = 23, kHalf = 25, kSingle = 26, kDouble = 27 };
constexpr uint8_t kIndefinite = 31;
constexpr uint64_t kEpochTag = 1;
constexpr double kEpochSecondsMax = 253402300799.0;  // 9999-12-31T23:59:59Z
constexpr double kExactMax = 9007199254740992.0;

struct Head {
  uint8_t major = 0;
  uint8_t low = 0;
  uint64_t argument = 0;
  [[nodiscard]] bool simple(uint8_t value) const { return major == kSimple && low == value; }
  [[nodiscard]] bool null() const { return simple(kNull) || simple(kUndefined); }
  [[nodiscard]] bool indefinite() const { return low == kIndefinite; }
  [[nodiscard]] bool ends() const { return simple(kIndefinite); }  // the "break" behind pieces
};

// RFC 8949 appendix D.
double half_to_double(uint64_t half) {
  const int exponent = static_cast<int>(half >> 10 & 0x1F);
  const double mantissa = static_cast<double>(half & 0x3FF);
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent != 31 ? std::ldexp(mantissa + 1024, exponent - 25)
                 : mantissa == 0  ? std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::quiet_NaN();
  return (half & 0x8000) != 0 ? -value : value;
}

class Reader {
 public:
  Reader(std::string_view bytes, bool refuse_unsupported) : rest_(bytes), refuse_unsupported_(refuse_unsupported) {}

  base::Result<void> read(const StructDesc& desc, void* object) {
    Head first;
    const bool ok = head(first) && structure(desc, first, object) &&
                    (rest_.empty() || refuse("there are bytes behind the end of the CBOR item"));
    if (!ok) return base::fail(error("SerializationException", std::move(wrong_)));
    if (!unsupported_.empty()) return base::fail(error("Unsupported", std::move(unsupported_)));
    return {};
  }

 private:
  static base::AwsError error(std::string code, std::string message) {
    base::AwsError out;
    out.code = std::move(code);
    out.message = std::move(message);
    return out;
  }

  // All functions from here on return false after an error, whose text is in wrong_.
  bool refuse(std::string why) {
    wrong_ = std::move(why);
    return false;
  }
  bool wrong_type(const TypeDesc& type) { return refuse("unexpected CBOR type for " + std::string(type.shape_name)); }

  bool head(Head& out) {
    if (++items_ > kCborItemsMax) return refuse("the CBOR body has too many items");
    if (rest_.empty()) return refuse("the CBOR body ends early");
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    out = {static_cast<uint8_t>(first >> 5), static_cast<uint8_t>(first & 0x1F), 0};
    out.argument = out.low;
    if (out.low < 24) return true;
    if (out.low == kIndefinite) {
      const bool may = out.major != kUnsigned && out.major != kNegative && out.major != kTag;
      return may || refuse("a CBOR item of indefinite length that has none");
    }
    if (out.low > kDouble) return refuse("reserved additional information in a CBOR item");
    const std::size_t size = std::size_t{1} << (out.low - 24);
    if (rest_.size() < size) return refuse("the CBOR body ends early");
    out.argument = 0;
    for (const char byte : rest_.substr(0, size)) out.argument = out.argument << 8 | static_cast<uint8_t>(byte);
    rest_.remove_prefix(size);
    return true;
  }

  // Calls `entry` for each entry of an array or map: as often as announced, or until the break.
  template <class Entry>
  bool entries(const Head& container, const Entry& entry) {
    if (++depth_ > kCborDepthMax) return refuse("the CBOR body is nested too deeply");
    for (uint64_t i = 0; container.indefinite() || i < container.argument; ++i) {
      Head first;
      if (!head(first)) return false;
      if (first.ends()) {
        if (!container.indefinite()) return refuse("a CBOR break where none may be");
        break;
      }
      if (!entry(first)) return false;
    }
    --depth_;
    return true;
  }

  // Text or bytes; the pieces of an indefinite one are put together.
  bool characters(const Head& first, std::string& out) {
    const auto piece = [&](const Head& part) {
      if (part.argument > rest_.size()) return refuse("a CBOR string is longer than the body");
      const std::string_view text = rest_.substr(0, part.argument);
      if (part.major == kText && !base::is_utf8(text)) return refuse("a CBOR text is not UTF-8");
      out += text;
      rest_.remove_prefix(text.size());
      return true;
    };
    out.clear();
    if (!first.indefinite()) return piece(first);
    return entries(first, [&](const Head& part) {
      const bool fits = part.major == first.major && !part.indefinite();
      return fits ? piece(part) : refuse("a piece of a CBOR string is of another type");
    });
  }

  bool key(const Head& first, std::string& out) {
    return first.major == kText ? characters(first, out) : refuse("a key of a CBOR map is not text");
  }

  bool structure(const StructDesc& desc, const Head& first, void* object) {
    if (first.major != kMap) return refuse("unexpected CBOR type for " + std::string(desc.name));
    if (++structures_ > kCborStructuresMax) return refuse("the CBOR body has too many structures");
    const MemberDesc* chosen = nullptr;  // of a union
    bool several = false;
    std::string name;
    const bool ok = entries(first, [&](const Head& key_head) {
      Head value;
      if (!key(key_head, name) || !head(value)) return false;
      const MemberDesc* member = value.null() ? nullptr : desc.find(name);
      if (member == nullptr) return skip_content(value);
      const std::size_t length = path_.size();
      path_.append(path_.empty() ? "" : ".").append(name);
      if (member->unsupported() && refuse_unsupported_ && unsupported_.empty()) unsupported_ = path_;
      several = several || (chosen != nullptr && chosen != member);
      chosen = member;
      const bool read =
          member->unsupported() ? skip_content(value) : this->value(*member->type, value, member->emplace(object));
      path_.resize(length);
      return read;
    });
    if (!ok) return false;
    return !desc.is_union || !refuse_unsupported_ || (chosen != nullptr && !several) ||
           refuse("the union " + std::string(desc.name) + " must have exactly one member");
  }

  bool value(const TypeDesc& type, const Head& first, void* out) {
    switch (type.kind) {
      case Kind::string:
        return first.major == kText ? characters(first, *static_cast<std::string*>(out)) : wrong_type(type);
      case Kind::blob:
        return first.major == kBytes ? characters(first, *static_cast<std::string*>(out)) : wrong_type(type);
      case Kind::boolean:
        *static_cast<bool*>(out) = first.simple(kTrue);
        return first.simple(kTrue) || first.simple(kFalse) || wrong_type(type);
      case Kind::integer:
        return integer(type, first, *static_cast<int32_t*>(out));
      case Kind::long_integer:
        return integer(type, first, *static_cast<int64_t*>(out));
      case Kind::floating:
        return number(first, *static_cast<double*>(out)) || wrong_type(type);
      case Kind::timestamp:
        return timestamp(type, first, *static_cast<base::Timestamp*>(out));
      case Kind::list:
        return list(type, first, out);
      case Kind::map:
        return map(type, first, out);
      case Kind::structure:
      case Kind::union_structure:
        return structure(*type.structure, first, out);
    }
    return true;
  }

  // False, without a text, if it is no number.
  static bool number(const Head& first, double& out) {
    if (first.major == kUnsigned)
      out = static_cast<double>(first.argument);
    else if (first.major == kNegative)
      out = -1.0 - static_cast<double>(first.argument);
    else if (first.simple(kHalf))
      out = half_to_double(first.argument);
    else if (first.simple(kSingle))
      out = std::bit_cast<float>(static_cast<uint32_t>(first.argument));
    else if (first.simple(kDouble))
      out = std::bit_cast<double>(first.argument);
    else
      return false;
    return true;
  }

  template <class Integer>
  bool integer(const TypeDesc& type, const Head& first, Integer& out) {
    constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<Integer>::max());
    if (first.major == kUnsigned || first.major == kNegative) {
      if (first.argument > kMax) return refuse("a CBOR integer is out of range for " + std::string(type.shape_name));
      const auto magnitude = static_cast<Integer>(first.argument);
      out = first.major == kUnsigned ? magnitude : static_cast<Integer>(-1 - magnitude);
      return true;
    }
    double wide = 0;
    if (!number(first, wide)) return wrong_type(type);
    // 3.0 is an integer too, as it is in JSON, as long as a double holds it exactly.
    if (!(std::abs(wide) <= kExactMax) || std::trunc(wide) != wide || std::abs(wide) > static_cast<double>(kMax))
      return refuse("a CBOR number is not an integer in range for " + std::string(type.shape_name));
    out = static_cast<Integer>(wide);
    return true;
  }

  bool timestamp(const TypeDesc& type, const Head& first, base::Timestamp& out) {
    Head content;
    if (first.major != kTag || first.argument != kEpochTag) return wrong_type(type);
    if (!head(content)) return false;
    double seconds = 0;
    if (!number(content, seconds)) return wrong_type(type);
    if (!(std::abs(seconds) <= kEpochSecondsMax)) return refuse("a CBOR timestamp is out of range");
    out = base::Timestamp(base::Duration(std::llround(seconds * 1e6)));
    return true;
  }

  bool list(const TypeDesc& type, const Head& first, void* out) {
    if (first.major != kArray) return wrong_type(type);
    return entries(first, [&](const Head& element) {
      if (element.null()) return !refuse_unsupported_ || refuse("null in the list " + std::string(type.shape_name));
      return value(*type.list->element, element, type.list->append(out));
    });
  }

  bool map(const TypeDesc& type, const Head& first, void* out) {
    if (first.major != kMap) return wrong_type(type);
    std::map<std::string, std::size_t, std::less<>> places;  // aws::Map's own search is linear
    std::string name;
    return entries(first, [&](const Head& key_head) {
      Head content;
      if (!key(key_head, name) || !head(content)) return false;
      if (content.null()) return !refuse_unsupported_ || refuse("null in the map " + std::string(type.shape_name));
      const auto [place, added] = places.try_emplace(name, places.size());
      void* slot = added ? type.map->append_new(out, name) : type.map->replace_at(out, place->second);
      return value(*type.map->value, content, slot);
    });
  }

  // Walks an item that nobody wants, because what is wrong inside it is wrong all the same.
  bool skip(const Head& first) {
    switch (first.major) {
      case kBytes:
      case kText: {
        std::string ignored;
        return characters(first, ignored);
      }
      case kArray:
        return entries(first, [&](const Head& element) { return skip(element); });
      case kMap:
        return entries(first, [&](const Head& key_head) {
          Head content;
          return skip(key_head) && head(content) && skip_content(content);
        });
      case kTag: {
        Head content;
        if (++depth_ > kCborDepthMax) return refuse("the CBOR body is nested too deeply");
        const bool ok = head(content) && skip_content(content);
        --depth_;
        return ok;
      }
      default:
        return true;
    }
  }
  bool skip_content(const Head& content) {
    return content.ends() ? refuse("a CBOR break where none may be") : skip(content);
  }

  std::string_view rest_;
  const bool refuse_unsupported_;
  std::size_t depth_ = 0;
  std::size_t items_ = 0;
  std::size_t structures_ = 0;
  std::string path_;         // of the member at hand
  std::string unsupported_;  // the first unsupported member
  std::string wrong_;
};

}  // namespace

base::Result<void> read_cbor(const StructDesc& desc, std::string_view bytes, bool refuse_unsupported, void* object) {
  return Reader(bytes, refuse_unsupported).read(desc, object);
}

}  // namespace aws::codec
