#include "server/content_encoding.h"

#define ZLIB_CONST  // its input is only read
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace server {
namespace {

constexpr std::size_t kPeekedBytes = 4 << 10;

enum class Outcome { whole, too_large, damaged };

std::unexpected<base::AwsError> damaged(std::string why) {
  base::AwsError error;
  error.code = "SerializationException";
  error.message = std::move(why);
  return base::fail(std::move(error));
}

std::unexpected<base::AwsError> too_large() {
  base::AwsError error;
  error.code = "RequestEntityTooLargeException";
  error.http_status = 413;
  error.message = "Request Entity Too Large";
  return base::fail(std::move(error));
}

// What inflateInit2 calls the format of the body; 0 if the encoding is not known.
int window_bits(std::string_view encoding, std::string_view body) {
  if (aws::http::equal_ignoring_case(encoding, "gzip") || aws::http::equal_ignoring_case(encoding, "x-gzip"))
    return 16 + MAX_WBITS;
  if (!aws::http::equal_ignoring_case(encoding, "deflate")) return 0;
  // RFC 9110 means zlib's format (RFC 1950), but many send the bare data.
  const auto byte = [&](std::size_t i) { return body.size() > i ? static_cast<unsigned char>(body[i]) : 0; };
  const bool framed = (byte(0) & 0x0F) == Z_DEFLATED && (byte(0) * 256 + byte(1)) % 31 == 0;
  return framed ? MAX_WBITS : -MAX_WBITS;
}

// Appends what `body` holds to `out`, at most `bytes_max` bytes of it.
Outcome inflate_body(std::string_view body, int bits, std::size_t bytes_max, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, bits) != Z_OK) return Outcome::damaged;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<const Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  std::array<char, 64 << 10> piece;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t size = piece.size() - stream.avail_out;
    const std::size_t room = bytes_max - out.size();
    out.append(piece.data(), std::min(size, room));
    if (size > room) return Outcome::too_large;
    if (status == Z_OK) continue;
    if (status != Z_STREAM_END) return Outcome::damaged;
    if (stream.avail_in == 0) return Outcome::whole;
    if (bits <= MAX_WBITS || inflateReset(&stream) != Z_OK) return Outcome::damaged;  // only gzip has members
  }
}

}  // namespace

base::Result<void> decode_content_encoding(aws::http::Request& request, std::size_t bytes_max) {
  const std::string_view encoding = request.headers.get("Content-Encoding");
  if (encoding.empty() || aws::http::equal_ignoring_case(encoding, "identity")) return {};
  const int bits = window_bits(encoding, request.body);
  if (bits == 0) return damaged("Unknown Content-Encoding.");
  std::string inflated;
  const Outcome outcome = inflate_body(request.body, bits, std::min(bytes_max, kInflatedBytesMax), inflated);
  if (outcome == Outcome::too_large) return too_large();
  if (outcome == Outcome::damaged) return damaged("The body is not " + std::string(encoding) + " data.");
  request.body = std::move(inflated);
  request.headers.erase("Content-Encoding");
  return {};
}

std::string peek_body(const aws::http::Request& request) {
  const int bits = window_bits(request.headers.get("Content-Encoding"), request.body);
  std::string out;
  if (bits == 0 || inflate_body(request.body, bits, kPeekedBytes, out) == Outcome::damaged) return request.body;
  return out;
}

}  // namespace server
