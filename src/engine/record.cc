#include "engine/record.h"

namespace engine {

void RecordWriter::varint(uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

RecordWriter& RecordWriter::number(uint32_t field, uint64_t value) {
  varint(uint64_t{field} << 1);
  varint(value);
  return *this;
}

RecordWriter& RecordWriter::text(uint32_t field, std::string_view value) {
  varint(uint64_t{field} << 1 | 1);
  varint(value.size());
  bytes_.append(value);
  return *this;
}

std::pair<std::string, std::string> RecordReader::pair() const {
  std::pair<std::string, std::string> out;
  for (RecordReader nested(text_); nested.next();) (nested.field() == 1 ? out.first : out.second) = nested.text();
  return out;
}

bool RecordReader::varint(uint64_t& out) {
  out = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    out |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return ok_ = false;
}

bool RecordReader::next() {
  uint64_t tag = 0;
  if (!ok_ || rest_.empty() || !varint(tag) || !varint(number_)) return false;
  field_ = static_cast<uint32_t>(tag >> 1);
  text_ = {};
  if ((tag & 1) == 0) return true;
  if (number_ > rest_.size()) return ok_ = false;
  text_ = rest_.substr(0, number_);
  rest_.remove_prefix(number_);
  number_ = 0;
  return true;
}

}  // namespace engine
