// Bodies as clients compress them, and what must not come out of them.
#include "server/content_encoding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace server {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kZlib = MAX_WBITS;
constexpr int kRaw = -MAX_WBITS;

std::string compressed(const std::string& text, int bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string in = text;
  std::string out(deflateBound(&stream, in.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The decoded body, or "! " and the code.
std::string decoded(const std::string& encoding, std::string body, std::size_t bytes_max = kInflatedBytesMax) {
  aws::http::Request request{"POST", "/", {}, std::move(body)};
  if (!encoding.empty()) request.headers.add("Content-Encoding", encoding);
  const auto done = decode_content_encoding(request, bytes_max);
  if (!done.has_value()) return "! " + std::to_string(done.error().http_status) + " " + done.error().code;
  EXPECT_EQ(request.headers.contains("Content-Encoding"), encoding == "identity");
  return request.body;
}

TEST(ContentEncoding, TakesWhatClientsSend) {
  EXPECT_EQ(decoded("", "plain"), "plain");
  EXPECT_EQ(decoded("identity", "plain"), "plain");
  EXPECT_EQ(decoded("gzip", compressed("text", kGzip)), "text");
  EXPECT_EQ(decoded("GZIP", compressed("one, ", kGzip) + compressed("two", kGzip)), "one, two");
  EXPECT_EQ(decoded("deflate", compressed("text", kZlib)), "text");
  EXPECT_EQ(decoded("deflate", compressed("text", kRaw)), "text");
  EXPECT_EQ(decoded("gzip", compressed("", kGzip)), "");
  const std::string damaged = "! 400 SerializationException";
  EXPECT_EQ(decoded("br", "text"), damaged);
  EXPECT_EQ(decoded("gzip", "text"), damaged);
  EXPECT_EQ(decoded("gzip", ""), damaged);
  EXPECT_EQ(decoded("gzip", compressed("text", kGzip) + "x"), damaged);
  EXPECT_EQ(decoded("gzip", compressed("text", kGzip).substr(0, 12)), damaged);
  EXPECT_EQ(decoded("deflate", compressed("text", kZlib) + compressed("text", kZlib)), damaged);
}

// A mount's limit counts what comes out, of all members together.
TEST(ContentEncoding, TheLimitCountsAfterDecompression) {
  const std::string too_large = "! 413 RequestEntityTooLargeException";
  const std::string text(200'000, 'x');
  EXPECT_EQ(decoded("gzip", compressed(text, kGzip), text.size()), text);
  EXPECT_EQ(decoded("gzip", compressed(text, kGzip), text.size() - 1), too_large);
  EXPECT_EQ(decoded("deflate", compressed(text, kRaw), text.size() - 1), too_large);
  EXPECT_EQ(decoded("gzip", compressed(text, kGzip) + compressed("y", kGzip), text.size()), too_large);
  std::string bomb;
  for (int i = 0; i < 400; ++i) bomb += compressed(text, kGzip);
  EXPECT_EQ(decoded("gzip", bomb), too_large);
}

}  // namespace
}  // namespace server
