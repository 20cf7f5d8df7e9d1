// The writing half of cbor_shape.h: a walk over the tables that appends to a string.
#include <bit>
#include <cstdint>

#include "aws/codec/cbor_shape.h"

namespace aws::codec {
namespace {

// Major types of RFC 8949 section 3.1, in the upper three bits of an item's first byte.
enum Major : uint8_t { kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5 };

constexpr char kFalse = '\xF4';
constexpr char kTrue = '\xF5';
constexpr char kDouble = '\xFB';
constexpr char kEpochTag = '\xC1';

void append_big_endian(uint64_t value, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

// The first byte and the argument in its shortest form.
void append_head(Major major, uint64_t argument, std::string& out) {
  const auto first = [&](int low) { out += static_cast<char>(major << 5 | low); };
  if (argument < 24) {
    first(static_cast<int>(argument));
    return;
  }
  const int log = argument <= 0xFF ? 0 : argument <= 0xFFFF ? 1 : argument <= 0xFFFFFFFF ? 2 : 3;
  first(24 + log);
  append_big_endian(argument, 1 << log, out);
}

void append_integer(int64_t value, std::string& out) {
  if (value >= 0)
    append_head(kUnsigned, static_cast<uint64_t>(value), out);
  else
    append_head(kNegative, ~static_cast<uint64_t>(value), out);  // -1 - value
}

void append_double(double value, std::string& out) {
  out += kDouble;
  append_big_endian(std::bit_cast<uint64_t>(value), 8, out);
}

void append_value(const TypeDesc& type, const void* value, std::string& out) {
  switch (type.kind) {
    case Kind::string:
      write_cbor_text(*static_cast<const std::string*>(value), out);
      return;
    case Kind::blob: {
      const auto& bytes = *static_cast<const std::string*>(value);
      append_head(kBytes, bytes.size(), out);
      out += bytes;
      return;
    }
    case Kind::boolean:
      out += *static_cast<const bool*>(value) ? kTrue : kFalse;
      return;
    case Kind::integer:
      append_integer(*static_cast<const int32_t*>(value), out);
      return;
    case Kind::long_integer:
      append_integer(*static_cast<const int64_t*>(value), out);
      return;
    case Kind::floating:
      append_double(*static_cast<const double*>(value), out);
      return;
    case Kind::timestamp:
      out += kEpochTag;
      append_double(static_cast<double>(base::to_epoch_milliseconds(*static_cast<const base::Timestamp*>(value))) / 1e3,
                    out);
      return;
    case Kind::list: {
      const std::size_t count = type.list->size(value);
      append_head(kArray, count, out);
      for (std::size_t i = 0; i < count; ++i) append_value(*type.list->element, type.list->at(value, i), out);
      return;
    }
    case Kind::map: {
      const std::size_t count = type.map->size(value);
      append_head(kMap, count, out);
      for (std::size_t i = 0; i < count; ++i) {
        write_cbor_text(type.map->key_at(value, i), out);
        append_value(*type.map->value, type.map->value_at(value, i), out);
      }
      return;
    }
    case Kind::structure:
    case Kind::union_structure:
      write_cbor(*type.structure, value, out);
      return;
  }
}

}  // namespace

void write_cbor_map_head(std::size_t entries, std::string& out) {
  append_head(kMap, entries, out);
}

void write_cbor_text(std::string_view text, std::string& out) {
  append_head(kText, text.size(), out);
  out += text;
}

void write_cbor_member(const MemberDesc& member, const void* value, std::string& out) {
  write_cbor_text(member.name, out);
  append_value(*member.type, value, out);
}

void write_cbor(const StructDesc& desc, const void* object, std::string& out) {
  std::size_t present = 0;
  for (const MemberDesc& member : desc.members)
    if (!member.unsupported() && member.get(object) != nullptr) ++present;
  write_cbor_map_head(present, out);
  for (const MemberDesc& member : desc.members) {
    const void* value = member.unsupported() ? nullptr : member.get(object);
    if (value != nullptr) write_cbor_member(member, value, out);
  }
}

}  // namespace aws::codec
