// RecordWriter and RecordReader: the one format of values that the engine's services keep in the store. A record is a
// sequence of (field number, value) with values of two kinds, unsigned numbers and bytes, so that fields can be added
// later and old records still read. Field numbers are never reused. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace engine {

class RecordWriter {
 public:
  // Field numbers are 1 to 2^28.
  RecordWriter& number(uint32_t field, uint64_t value);
  RecordWriter& text(uint32_t field, std::string_view value);
  RecordWriter& record(uint32_t field, RecordWriter&& nested) { return text(field, nested.bytes_); }
  RecordWriter& time(uint32_t field, base::Timestamp value) {
    return number(field, static_cast<uint64_t>(value.time_since_epoch().count()));
  }
  // A key and its value (a tag, an environment variable): a nested record with the fields 1 and 2.
  RecordWriter& pair(uint32_t field, std::string_view key, std::string_view value) {
    return record(field, std::move(RecordWriter().text(1, key).text(2, value)));
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void varint(uint64_t value);
  std::string bytes_;
};

// Usage: `for (RecordReader r(bytes); r.next();) switch (r.field()) { case 1: name = r.text(); ... }`, then check
// r.ok(): false means the bytes are not a record, which the caller treats as corruption.
class RecordReader {
 public:
  // The bytes must outlive the reader.
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}
  bool next();  // false at the end or at malformed bytes
  [[nodiscard]] uint32_t field() const { return field_; }
  [[nodiscard]] uint64_t number() const { return number_; }      // 0 if the field is text
  [[nodiscard]] std::string_view text() const { return text_; }  // empty if the field is a number
  [[nodiscard]] base::Timestamp time() const { return base::Timestamp(base::Duration(number_)); }
  // What RecordWriter::pair wrote; empty strings for what is missing.
  [[nodiscard]] std::pair<std::string, std::string> pair() const;
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  bool varint(uint64_t& out);
  std::string_view rest_;
  std::string_view text_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  bool ok_ = true;
};

}  // namespace engine
