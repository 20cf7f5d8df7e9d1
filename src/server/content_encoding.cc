#include "server/content_encoding.h"

#include <zlib.h>

#include <array>
#include <memory>

namespace server {
namespace {

std::unexpected<base::AwsError> damaged(std::string why) {
  base::AwsError error;
  error.code = "SerializationException";
  error.message = std::move(why);
  return base::fail(std::move(error));
}

}  // namespace

base::Result<void> decode_content_encoding(aws::http::Request& request) {
  const std::string_view encoding = request.headers.get("Content-Encoding");
  if (encoding.empty() || aws::http::equal_ignoring_case(encoding, "identity")) return {};
  if (!aws::http::equal_ignoring_case(encoding, "gzip")) return damaged("Unknown Content-Encoding.");
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return damaged("The body cannot be decompressed.");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(request.body.data());
  stream.avail_in = static_cast<uInt>(request.body.size());
  std::string inflated;
  std::array<char, 64 << 10> piece;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    status = inflate(&stream, Z_NO_FLUSH);
    inflated.append(piece.data(), piece.size() - stream.avail_out);
    if (inflated.size() > kInflatedBytesMax) return damaged("The decompressed body is too large.");
  }
  if (status != Z_STREAM_END || stream.avail_in != 0) return damaged("The body is not gzip data.");
  request.body = std::move(inflated);
  request.headers.erase("Content-Encoding");
  return {};
}

}  // namespace server
