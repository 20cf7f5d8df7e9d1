#include "engine/dynamodb/item_codec.h"

#include <cstdint>

#include "engine/dynamodb/limits.h"
#include "store/kv_store.h"

namespace engine::dynamodb {

namespace {

constexpr char kVersion = 1;
// One byte before each value: the alternative's index in AttributeValue, or this for a BOOL that is false.
constexpr unsigned char kFalse = 11;
constexpr int kDepthMax = kNestingMax + 2;

void put_number(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

void put_value(std::string& out, const AttributeValue& value);

void put_map(std::string& out, const Item& map) {
  put_number(out, map.size());
  for (const auto& [name, value] : map) {
    put_text(out, name);
    put_value(out, value);
  }
}

void put_value(std::string& out, const AttributeValue& value) {
  out.push_back(value.is_bool_() && !value.bool_() ? static_cast<char>(kFalse)
                                                   : static_cast<char>(value.value.index()));
  if (value.is_s()) return put_text(out, value.s());
  if (value.is_n()) return put_text(out, value.n());
  if (value.is_b()) return put_text(out, value.b());
  if (value.is_m()) return put_map(out, value.m());
  if (value.is_l()) {
    put_number(out, value.l().size());
    for (const AttributeValue& element : value.l()) put_value(out, element);
  } else if (const auto* elements = set_elements(value)) {
    put_number(out, elements->size());
    for (const std::string& element : *elements) put_text(out, element);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  bool number(uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      out |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool byte(unsigned char& out) {
    if (rest_.empty()) return false;
    out = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  bool text(std::string& out) {
    uint64_t size = 0;
    if (!number(size) || size > rest_.size()) return false;
    out.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return true;
  }
  // Every element takes at least one byte, which bounds what a wrong count can make us reserve.
  bool count(uint64_t& out) { return number(out) && out <= rest_.size(); }

  bool map(Item& out, int depth) {
    uint64_t entries = 0;
    if (depth > kDepthMax || !count(entries)) return false;
    for (uint64_t i = 0; i < entries; ++i) {
      std::string name;
      if (!text(name) || !value(out.append(std::move(name)), depth)) return false;
    }
    return true;
  }
  bool value(AttributeValue& out, int depth) {
    unsigned char tag = 0;
    if (!byte(tag)) return false;
    switch (tag) {
      case 1:
        return text(out.value.emplace<1>());
      case 2:
        return text(out.value.emplace<2>());
      case 3:
        return text(out.value.emplace<3>());
      case 4:
        return set(out.value.emplace<4>());
      case 5:
        return set(out.value.emplace<5>());
      case 6:
        return set(out.value.emplace<6>());
      case 7:
        return map(out.value.emplace<7>(), depth + 1);
      case 8:
        return list(out.value.emplace<8>(), depth + 1);
      case 9:
        out.value.emplace<9>(true);
        return true;
      case 10:
        out.value.emplace<10>(true);
        return true;
      case kFalse:
        out.value.emplace<10>(false);
        return true;
      default:
        return false;
    }
  }

 private:
  bool set(std::vector<std::string>& out) {
    uint64_t elements = 0;
    if (!count(elements)) return false;
    for (uint64_t i = 0; i < elements; ++i)
      if (!text(out.emplace_back())) return false;
    return true;
  }
  bool list(std::vector<AttributeValue>& out, int depth) {
    uint64_t elements = 0;
    if (depth > kDepthMax || !count(elements)) return false;
    for (uint64_t i = 0; i < elements; ++i)
      if (!value(out.emplace_back(), depth)) return false;
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::string encode_item(const Item& item, std::size_t size_bytes) {
  std::string out;
  out.reserve(size_bytes + 3 * item.size() + 16);
  out.push_back(kVersion);
  put_number(out, size_bytes);
  put_map(out, item);
  return out;
}

std::optional<StoredItem> decode_item(std::string_view bytes) {
  Reader reader(bytes);
  StoredItem out;
  unsigned char version = 0;
  uint64_t size = 0;
  if (!reader.byte(version) || version != kVersion || !reader.number(size) || !reader.map(out.attributes, 0) ||
      !reader.at_end())
    return std::nullopt;
  out.size_bytes = size;
  return out;
}

StoredItem read_item(std::string_view bytes, const KeySchema& schema) {
  auto item = decode_item(bytes);
  store::require_intact(item.has_value() && has_key(schema, item->attributes), "an item of DynamoDB");
  return std::move(*item);
}

}  // namespace engine::dynamodb
