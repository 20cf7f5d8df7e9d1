// Text encodings of bytes (hex, base64, percent) and the digests that AWS protocols name. Pure functions, safe from
// any thread. Digests come from OpenSSL and zlib; CRC-32C and CRC-64/NVME are table driven here because neither
// library has them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string hex_encode(std::string_view bytes);  // lower case
std::optional<std::string> hex_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);  // RFC 4648 section 4, padded
// Strict: padded, canonical, no white space. nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

// RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX (upper case hex); '/' is kept when `keep_slash`.
std::string percent_encode(std::string_view bytes, bool keep_slash = false);
// nullopt on a truncated or non-hex escape. '+' becomes a space only when `plus_is_space` (form bodies).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// The text behind the byte order mark that some editors begin a file of UTF-8 with.
std::string_view without_byte_order_mark(std::string_view text);

// True if `bytes` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view bytes);

std::string md5(std::string_view bytes);                                  // 16 raw bytes
std::string sha1(std::string_view bytes);                                 // 20 raw bytes
std::string sha256(std::string_view bytes);                               // 32 raw bytes
std::string hmac_sha1(std::string_view key, std::string_view message);    // 20 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view message);  // 32 raw bytes
uint32_t crc32(std::string_view bytes, uint32_t seed = 0);
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);
uint64_t crc64nvme(std::string_view bytes, uint64_t seed = 0);

// A digest fed piece by piece, for bodies that are not held whole. Not thread-safe.
class Digest {
 public:
  enum class Kind { md5, sha1, sha256 };
  explicit Digest(Kind kind);
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void update(std::string_view bytes);
  std::string finish();  // raw bytes; call once

 private:
  void* context_;
};

// Equal without revealing by timing where two byte strings differ.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace base
