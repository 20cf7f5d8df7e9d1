// SHA-256 is asked for several times in every call, in pieces of a few hundred bytes: OpenSSL's low-level functions
// take half the time of its EVP interface there, which allocates a context for each digest.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/encoding.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <zlib.h>

#include <bit>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "base/check.h"

namespace base {
namespace {

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> make_hex_values() {
  std::array<uint8_t, 256> table{};
  table.fill(kInvalid);
  for (uint8_t i = 0; i < 16; ++i) {
    table[static_cast<uint8_t>(kHexLower[i])] = i;
    table[static_cast<uint8_t>(kHexUpper[i])] = i;
  }
  return table;
}

constexpr std::array<uint8_t, 256> make_base64_values() {
  std::array<uint8_t, 256> table{};
  table.fill(kInvalid);
  for (uint8_t i = 0; i < 64; ++i) table[static_cast<uint8_t>(kBase64[i])] = i;
  return table;
}

// RFC 3986 section 2.3.
constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    table[static_cast<uint8_t>(c)] = true;
  return table;
}

constexpr auto kHexValues = make_hex_values();
constexpr auto kBase64Values = make_base64_values();
constexpr auto kUnreserved = make_unreserved();

uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<uint8_t>(text[i]);
}

// Slicing-by-8 tables of a reflected CRC: table[k][b] is the effect of byte b followed by k zero bytes.
template <class Word>
constexpr std::array<std::array<Word, 256>, 8> make_crc_tables(Word polynomial) {
  std::array<std::array<Word, 256>, 8> tables{};
  for (unsigned b = 0; b < 256; ++b) {
    Word crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (unsigned b = 0; b < 256; ++b) tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xff];
  return tables;
}

constexpr auto kCrc32cTables = make_crc_tables<uint32_t>(0x82f63b78);
constexpr auto kCrc64Tables = make_crc_tables<uint64_t>(0x9a6c9329ac4bc9b5);

template <class Word>
Word update_crc(const std::array<std::array<Word, 256>, 8>& tables, std::string_view bytes, Word seed) {
  uint64_t crc = static_cast<Word>(~seed);
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    word ^= crc;
    crc = tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^ tables[5][word >> 16 & 0xff] ^
          tables[4][word >> 24 & 0xff] ^ tables[3][word >> 32 & 0xff] ^ tables[2][word >> 40 & 0xff] ^
          tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<uint8_t>(*p)) & 0xff];
  return ~static_cast<Word>(crc);
}

// OpenSSL 3's one-shot functions look the algorithm up on every call, which costs more than hashing a short message.
// So each algorithm is fetched once, and each thread keeps one context per algorithm.
const EVP_MD* fetch(const char* name) {
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  CHECK(algorithm != nullptr, "OpenSSL lacks a digest that AWS requires");
  return algorithm;
}

const EVP_MD* algorithm_of(Digest::Kind kind) {
  static const std::array<const EVP_MD*, 3> algorithms = {fetch("MD5"), fetch("SHA1"), fetch("SHA256")};
  return algorithms[static_cast<std::size_t>(kind)];
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* thread_context(Digest::Kind kind) {
  thread_local std::array<std::unique_ptr<EVP_MD_CTX, FreeContext>, 3> contexts;
  auto& context = contexts[static_cast<std::size_t>(kind)];
  if (!context) context.reset(EVP_MD_CTX_new());
  CHECK(context, "out of memory");
  return context.get();
}

std::string hash(Digest::Kind kind, std::size_t size, std::string_view bytes) {
  std::string out(size, '\0');
  EVP_MD_CTX* context = thread_context(kind);
  bool ok = EVP_DigestInit_ex(context, algorithm_of(kind), nullptr) == 1;
  ok = ok && EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1;
  CHECK(ok, "a digest in memory cannot fail");
  return out;
}

// Writes the SHA-256 of the concatenated pieces to `out`, which has room for it and may be one of them.
void sha256_into(std::initializer_list<std::string_view> pieces, char* out) {
  SHA256_CTX context;
  bool ok = SHA256_Init(&context) == 1;
  for (const std::string_view piece : pieces) ok = ok && SHA256_Update(&context, piece.data(), piece.size()) == 1;
  ok = ok && SHA256_Final(reinterpret_cast<unsigned char*>(out), &context) == 1;  // wipes the context
  CHECK(ok, "a digest in memory cannot fail");
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
  std::string out(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = kHexLower[byte_at(bytes, i) >> 4];
    out[2 * i + 1] = kHexLower[byte_at(bytes, i) & 15];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out(text.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const uint8_t high = kHexValues[byte_at(text, 2 * i)];
    const uint8_t low = kHexValues[byte_at(text, 2 * i + 1)];
    if (high == kInvalid || low == kInvalid) return std::nullopt;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* p = out.data();
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, p += 4) {
    const uint32_t group =
        uint32_t{byte_at(bytes, i)} << 16 | uint32_t{byte_at(bytes, i + 1)} << 8 | byte_at(bytes, i + 2);
    p[0] = kBase64[group >> 18];
    p[1] = kBase64[group >> 12 & 63];
    p[2] = kBase64[group >> 6 & 63];
    p[3] = kBase64[group & 63];
  }
  if (i < bytes.size()) {
    const bool two = i + 2 == bytes.size();
    const uint32_t group = uint32_t{byte_at(bytes, i)} << 16 | (two ? uint32_t{byte_at(bytes, i + 1)} << 8 : 0);
    p[0] = kBase64[group >> 18];
    p[1] = kBase64[group >> 12 & 63];
    if (two) p[2] = kBase64[group >> 6 & 63];
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out(text.size() / 4 * 3, '\0');
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t digits = i + 4 == text.size() ? 4 - padding : 4;
    uint32_t group = 0;
    for (std::size_t k = 0; k < digits; ++k) {
      const uint8_t value = kBase64Values[byte_at(text, i + k)];
      if (value == kInvalid) return std::nullopt;
      group |= uint32_t{value} << (18 - 6 * k);
    }
    // Canonical: bits that encode nothing are zero.
    if ((digits == 2 && (group & 0xffff) != 0) || (digits == 3 && (group & 0xff) != 0)) return std::nullopt;
    out[size++] = static_cast<char>(group >> 16);
    if (digits > 2) out[size++] = static_cast<char>(group >> 8);
    if (digits > 3) out[size++] = static_cast<char>(group);
  }
  out.resize(size);
  return out;
}

std::string percent_encode(std::string_view bytes, bool keep_slash) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) {
    const auto b = static_cast<uint8_t>(c);
    if (kUnreserved[b] || (c == '/' && keep_slash)) {
      out += c;
    } else {
      const char escape[3] = {'%', kHexUpper[b >> 4], kHexUpper[b & 15]};
      out.append(escape, 3);
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const uint8_t high = kHexValues[byte_at(text, i + 1)];
      const uint8_t low = kHexValues[byte_at(text, i + 2)];
      if (high == kInvalid || low == kInvalid) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.substr(text.starts_with(kMark) ? kMark.size() : 0);
}

bool is_utf8(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (bytes.size() - i >= 8) {  // eight ASCII bytes at a time
      uint64_t word;
      std::memcpy(&word, bytes.data() + i, 8);
      if ((word & 0x8080808080808080) == 0) {
        i += 8;
        continue;
      }
    }
    const uint8_t lead = byte_at(bytes, i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    // Unicode table 3-7: the second byte's range rules out overlong forms, surrogates and values above U+10FFFF.
    if (lead < 0xc2 || lead > 0xf4) return false;
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (bytes.size() - i < size) return false;
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte_at(bytes, i + 1) < low || byte_at(bytes, i + 1) > high) return false;
    for (std::size_t k = 2; k < size; ++k)
      if ((byte_at(bytes, i + k) & 0xc0) != 0x80) return false;
    i += size;
  }
  return true;
}

std::string md5(std::string_view bytes) {
  return hash(Digest::Kind::md5, 16, bytes);
}
std::string sha1(std::string_view bytes) {
  return hash(Digest::Kind::sha1, 20, bytes);
}
std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  sha256_into({bytes}, out.data());
  return out;
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::string out(SHA_DIGEST_LENGTH, '\0');
  const auto* made = ::HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                            reinterpret_cast<unsigned char*>(out.data()), nullptr);
  CHECK(made != nullptr, "HMAC of SHA-1");
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {  // RFC 2104
  constexpr std::size_t kBlockBytes = 64;
  std::array<char, kBlockBytes> inner{};
  if (key.size() > kBlockBytes) {
    sha256_into({key}, inner.data());
  } else if (!key.empty()) {
    std::memcpy(inner.data(), key.data(), key.size());
  }
  std::array<char, kBlockBytes> outer = inner;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    inner[i] ^= 0x36;
    outer[i] ^= 0x5c;
  }
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  sha256_into({{inner.data(), kBlockBytes}, message}, out.data());
  sha256_into({{outer.data(), kBlockBytes}, out}, out.data());
  OPENSSL_cleanse(inner.data(), kBlockBytes);
  OPENSSL_cleanse(outer.data(), kBlockBytes);
  return out;
}

uint32_t crc32(std::string_view bytes, uint32_t seed) {
  return static_cast<uint32_t>(::crc32_z(seed, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}
uint32_t crc32c(std::string_view bytes, uint32_t seed) {
  return update_crc(kCrc32cTables, bytes, seed);
}
uint64_t crc64nvme(std::string_view bytes, uint64_t seed) {
  return update_crc(kCrc64Tables, bytes, seed);
}

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr, "out of memory");
  CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), algorithm_of(kind), nullptr) == 1, "cannot fail");
}

Digest::~Digest() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}

void Digest::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1, "used after finish");
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  CHECK(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), &size) == 1, "finished twice");
  return {reinterpret_cast<const char*>(out.data()), size};
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace base
