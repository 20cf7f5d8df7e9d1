// KeyWriter: builds keys whose byte order is the order of their parts. Each service lists its layouts in keys.h with
// this and nothing else, so no two of them can collide by accident. A value type, not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace store {

class KeyWriter {
 public:
  // `table` is a short constant such as "sqs/message"; it must not contain a NUL byte.
  explicit KeyWriter(std::string_view table) : key_(table) { key_.push_back('\0'); }

  // A string of any bytes. NUL is written as 00 FF and the end as 00 01, so that no string is a prefix of another
  // and "a" sorts before "a\0" and "ab".
  KeyWriter& text(std::string_view part) {
    for (const char c : part) {
      key_.push_back(c);
      if (c == '\0') key_.push_back('\xff');
    }
    key_.push_back('\0');
    key_.push_back('\x01');
    return *this;
  }
  // Eight bytes, most significant first.
  KeyWriter& number(uint64_t part) {
    for (int shift = 56; shift >= 0; shift -= 8) key_.push_back(static_cast<char>(part >> shift));
    return *this;
  }
  // Bytes that are ordered by themselves already; only as the last part.
  KeyWriter& raw(std::string_view part) {
    key_.append(part);
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

// The smallest key that is greater than every key starting with `prefix`: the `end` of a scan over a prefix. Empty
// (no bound) if there is none.
inline std::string prefix_end(std::string prefix) {
  while (!prefix.empty()) {
    if (static_cast<unsigned char>(prefix.back()) != 0xff) {
      prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return {};
}

// Reads the parts back in the order they were written. Every function answers false at malformed bytes (the caller
// treats that as corruption).
class KeyReader {
 public:
  KeyReader(std::string_view key, std::string_view table) : rest_(key) {
    ok_ = rest_.size() > table.size() && rest_.starts_with(table) && rest_[table.size()] == '\0';
    if (ok_) rest_.remove_prefix(table.size() + 1);
  }
  bool text(std::string& out) {
    out.clear();
    for (std::size_t i = 0; ok_ && i + 1 < rest_.size(); ++i) {
      if (rest_[i] != '\0') {
        out.push_back(rest_[i]);
      } else if (rest_[i + 1] == '\x01') {
        rest_.remove_prefix(i + 2);
        return true;
      } else if (rest_[i + 1] == '\xff') {
        out.push_back('\0');
        ++i;
      } else {
        break;
      }
    }
    return ok_ = false;
  }
  bool number(uint64_t& out) {
    if (!ok_ || rest_.size() < 8) return ok_ = false;
    out = 0;
    for (int i = 0; i < 8; ++i) out = out << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    rest_.remove_prefix(8);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = false;
};

}  // namespace store
