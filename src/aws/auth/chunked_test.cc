#include "aws/auth/chunked.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"

namespace aws::auth {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";  // AWS's published example
const base::Timestamp kNow = *base::parse_amz_date("20130524T000000Z");

class TestSource final : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view) override {
    return Credential{"AKIAIOSFODNN7EXAMPLE", std::string(kSecret), "", std::nullopt, {}};
  }
};

// The request of AWS's example, signed; its body is set by the caller.
http::Request upload(std::string mode, std::size_t decoded_length, std::string trailer = "") {
  http::Request request{"PUT", "/examplebucket/chunkObject.txt", {}, ""};
  request.headers.add("Host", "s3.amazonaws.com");
  request.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  request.headers.add("x-amz-content-sha256", std::move(mode));
  request.headers.add("Content-Encoding", "aws-chunked");
  request.headers.add("x-amz-decoded-content-length", std::to_string(decoded_length));
  if (trailer.empty()) {
    request.headers.add("Content-Length", "66824");
  } else {
    request.headers.add("x-amz-trailer", std::move(trailer));
  }
  sign(request, {{"AKIAIOSFODNN7EXAMPLE", std::string(kSecret), ""}, "us-east-1", "s3", kNow});
  return request;
}

Authenticated authenticate(const http::Request& request) {
  TestSource source;
  return Verifier(source).verify(request, "s3", kNow).value();
}

std::string outcome_in_pieces(const http::Request& request, const Authenticated& who, std::size_t step,
                              std::string& body) {
  auto decoder = ChunkedDecoder::begin(request, who);
  if (!decoder) return decoder.error().code;
  for (std::size_t at = 0; at < request.body.size(); at += step) {
    const auto fed = decoder->feed(std::string_view(request.body).substr(at, step), body);
    if (!fed) return fed.error().code;
  }
  const auto trailers = decoder->finish();
  return trailers ? "" : trailers.error().code;
}

// "" if decoded, else the error's code.
std::string outcome(const http::Request& request, const Authenticated& who) {
  const auto result = decode_chunked(request, who);
  const std::string whole = result ? "" : result.error().code;
  for (const std::size_t step : {1U, 1000U}) {
    std::string body;
    const std::string pieces = outcome_in_pieces(request, who, step, body);
    // Of a body that is too short anyway only the whole one is known to be.
    if (whole == "IncompleteBody") {
      EXPECT_NE(pieces, "");
    } else {
      EXPECT_EQ(pieces, whole);
    }
    EXPECT_TRUE(!result || body == result->body);
  }
  return whole;
}

constexpr std::string_view kStreaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const std::string kFirst =
    "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
    std::string(65536, 'a') + "\r\n";
const std::string kSecond = "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
                            std::string(1024, 'a') + "\r\n";
const std::string kLast = "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";

TEST(Chunked, AwsExample) {
  http::Request request = upload(std::string(kStreaming), 66560);
  const Authenticated who = authenticate(request);
  EXPECT_EQ(who.seed_signature(), "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  request.body = kFirst + kSecond + kLast;
  const auto result = decode_chunked(request, who);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->body, std::string(66560, 'a'));
  EXPECT_TRUE(result->trailers.empty());
}

TEST(Chunked, TheChainOfAnybodyMeansNothing) {
  struct Open final : CredentialSource {
    std::optional<Credential> find(std::string_view) override { return std::nullopt; }
    std::optional<Principal> anybody() override { return Principal(); }
  } source;
  http::Request request = upload(std::string(kStreaming), 66560);
  request.body =
      kFirst + "400;chunk-signature=" + std::string(64, '0') + "\r\n" + std::string(1024, 'a') + "\r\n" + kLast;
  const auto who = Verifier(source).verify(request, "s3", kNow);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(outcome(request, *who), "");
  request.body = kFirst;
  EXPECT_EQ(outcome(request, *who), "IncompleteBody") << "but it must be whole";
}

TEST(Chunked, TheChainHoldsEveryChunkInItsPlace) {
  http::Request request = upload(std::string(kStreaming), 66560);
  const Authenticated who = authenticate(request);
  const auto with = [&](std::string body) {
    request.body = std::move(body);
    return outcome(request, who);
  };
  EXPECT_EQ(with(kSecond + kFirst + kLast), "SignatureDoesNotMatch");
  EXPECT_EQ(with(kFirst + kFirst + kSecond + kLast), "SignatureDoesNotMatch");
  EXPECT_EQ(with(kFirst + kLast), "IncompleteBody");
  EXPECT_EQ(with(kFirst + kLast + std::string(2000, 'x')), "SignatureDoesNotMatch");
  EXPECT_EQ(with(kLast), "IncompleteBody");
  EXPECT_EQ(with(kFirst + kSecond), "IncompleteBody");
  EXPECT_EQ(with(""), "IncompleteBody");
  EXPECT_EQ(with(kFirst + kSecond + kLast + "x"), "IncompleteBody");
  EXPECT_EQ(with(kFirst + kSecond + kLast.substr(0, kLast.size() - 2)), "IncompleteBody");
  std::string flipped = kFirst + kSecond + kLast;
  flipped[1000] = 'b';
  EXPECT_EQ(with(flipped), "SignatureDoesNotMatch");
  std::string bare = kFirst;
  bare.erase(5, bare.find("\r\n") - 5);
  EXPECT_EQ(with(bare + kSecond + kLast), "SignatureDoesNotMatch");
  // The length is not what the (signed) header says.
  http::Request longer = upload(std::string(kStreaming), 66561);
  longer.body = kFirst + kSecond + kLast;
  EXPECT_EQ(outcome(longer, who), "IncompleteBody");
  http::Request shorter = upload(std::string(kStreaming), 66559);
  shorter.body = kFirst + kSecond + kLast;
  EXPECT_EQ(outcome(shorter, who), "IncompleteBody");
}

struct Chain {
  const Authenticated& who;
  std::string previous = who.seed_signature();
  std::string link(std::string_view algorithm, std::string_view before_hash, std::string_view content) {
    const std::string text = std::string(algorithm) + "\n" + who.amz_date() + "\n" + who.scope() + "\n" + previous +
                             "\n" + std::string(before_hash) + base::hex_encode(base::sha256(content));
    return previous = signature(who.signing_key(), text);
  }
  std::string chunk(std::string_view content) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx", content.size());
    return std::string(size) +
           ";chunk-signature=" + link("AWS4-HMAC-SHA256-PAYLOAD", std::string(kEmptyBodyHash) + "\n", content) +
           "\r\n" + std::string(content) + (content.empty() ? "" : "\r\n");
  }
};

TEST(Chunked, SignedTrailer) {
  http::Request request = upload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", 66560, "x-amz-checksum-crc32c");
  const Authenticated who = authenticate(request);
  // AWS's example of this mode has this seed signature.
  EXPECT_EQ(who.seed_signature(), "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  Chain chain{who};
  std::string chunks = chain.chunk(std::string(65536, 'a'));
  chunks += chain.chunk(std::string(1024, 'a'));
  chunks += chain.chunk("");
  EXPECT_EQ(chain.previous, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
  const std::string trailer = "x-amz-checksum-crc32c:sOO8/Q==";
  const std::string mark = "x-amz-trailer-signature:" + chain.link("AWS4-HMAC-SHA256-TRAILER", "", trailer + "\n");
  const auto with = [&](const std::string& end) {
    request.body = chunks + end;
    return outcome(request, who);
  };
  EXPECT_EQ(with(trailer + "\r\n" + mark + "\r\n\r\n"), "");
  EXPECT_EQ(with(trailer + "\n\r\n" + mark + "\n\r\n\r\n"), "");  // as AWS prints it
  EXPECT_EQ(decode_chunked(request, who)->trailers[0].second, "sOO8/Q==");
  EXPECT_EQ(with(trailer + "\r\n\r\n"), "SignatureDoesNotMatch");
  EXPECT_EQ(with(mark + "\r\n\r\n"), "SignatureDoesNotMatch");
  EXPECT_EQ(with("x-amz-checksum-crc32c:sOO8/g==\r\n" + mark + "\r\n\r\n"), "SignatureDoesNotMatch");
  EXPECT_EQ(with(mark + "\r\n" + trailer + "\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(with(trailer + "\r\n" + mark + "\r\n"), "IncompleteBody");
  EXPECT_EQ(with("\r\n"), "SignatureDoesNotMatch");
  EXPECT_EQ(with(""), "IncompleteBody");
}

TEST(Chunked, SmallSignedChunksOnlyAtTheEnd) {
  http::Request request = upload(std::string(kStreaming), 2);
  const Authenticated who = authenticate(request);
  Chain chain{who};
  for (const char* content : {"a", "b", ""}) request.body += chain.chunk(content);
  request.body += "\r\n";
  EXPECT_EQ(outcome(request, who), "InvalidChunkSizeError");
}

TEST(Chunked, UnsignedTrailer) {
  http::Request request = upload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", 5, "x-amz-checksum-crc32");
  const Authenticated who = authenticate(request);
  const auto with = [&](std::string body) {
    request.body = std::move(body);
    return outcome(request, who);
  };
  const std::string trailer = "x-amz-checksum-crc32:NhCmhg==\r\n\r\n";
  EXPECT_EQ(with("5\r\nhello\r\n0\r\n" + trailer), "");
  EXPECT_EQ(with("2\r\nhe\r\n3\r\nllo\r\n0\r\n" + trailer), "");
  EXPECT_EQ(decode_chunked(request, who)->body, "hello");
  EXPECT_EQ(decode_chunked(request, who)->trailers[0].first, "x-amz-checksum-crc32");
  for (const char* cut :
       {"", "5", "5\r\nhell", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n",
        "4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n",
        "-5\r\nhello\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n", "5;x=y\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n", "ffffffffffffffff\r\nhello\r\n"})
    EXPECT_EQ(with(cut), "IncompleteBody") << cut;
  EXPECT_EQ(with("5\r\nhello\r\n0\r\n" + trailer + "x"), "IncompleteBody");
  EXPECT_EQ(with("5\r\nhello\r\n0\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(with("5\r\nhello\r\n0\r\nx-amz-checksum-sha1:a\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(with("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:a\r\n" + trailer), "MalformedTrailerError");
  EXPECT_EQ(with("5\r\nhello\r\n0\r\nno colon\r\n\r\n"), "MalformedTrailerError");
  EXPECT_EQ(with("5\r\nhello\r\n0\r\nx-amz-trailer-signature:a\r\n\r\n"), "MalformedTrailerError");
  for (const char* length : {"", "-5", "5x", "0x5", "99999999999999999999"}) {
    request.headers.set("x-amz-decoded-content-length", length);
    EXPECT_EQ(with("5\r\nhello\r\n0\r\n" + trailer), "InvalidArgument") << length;
  }
  request.headers.erase("x-amz-decoded-content-length");
  EXPECT_EQ(outcome(request, who), "MissingContentLength");
}

// What follows a body may be its checksum and nothing else.
TEST(Chunked, TrailersAreChecksums) {
  const auto answer = [](std::string announced, std::string trailer, std::string header = "") {
    http::Request request = upload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", 5, std::move(announced));
    const Authenticated who = authenticate(request);
    request.body = "5\r\nhello\r\n0\r\n" + std::move(trailer) + "\r\n\r\n";
    if (!header.empty()) request.headers.add(std::move(header), "NhCmhg==");
    const auto result = decode_chunked(request, who);
    return result ? "" : result.error().code + ": " + result.error().message;
  };
  EXPECT_EQ(answer(" X-Amz-Checksum-CRC32 ", "x-amz-checksum-crc32:NhCmhg=="), "");
  EXPECT_EQ(answer("x-amz-checksum-sha512", "x-amz-checksum-sha512:" + base::base64_encode(std::string(64, 'x'))), "");
  for (const char* name : {"x-amz-meta-a", "x-amz-acl", "content-type", "x-amz-checksum-crc64", "x-amz-checksum-"}) {
    EXPECT_EQ(answer(name, std::string(name) + ":a"),
              "InvalidRequest: The value specified in the x-amz-trailer header is not supported");
  }
  for (const char* value : {"", "a", "NhCmhg==", "2jmj7l5rSw0yVb/vlWAYkK/YBw"}) {
    EXPECT_EQ(answer("x-amz-checksum-sha1", std::string("x-amz-checksum-sha1:") + value),
              "InvalidRequest: Value for x-amz-checksum-sha1 trailing header is invalid.");
  }
  EXPECT_EQ(answer("x-amz-checksum-crc32", "x-amz-checksum-crc32:NhCmhg==", "x-amz-checksum-crc32"),
            "InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}

RC_GTEST_PROP(Chunked, AnyBytesAreAnswered, ()) {
  static const http::Request request = upload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", 5, "x-amz-checksum-crc32");
  static const Authenticated who = authenticate(request);
  http::Request mutated = request;
  mutated.body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
  const int edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; ++i)
    mutated.body[*rc::gen::inRange<std::size_t>(0, mutated.body.size())] = *rc::gen::arbitrary<char>();
  const auto result = decode_chunked(mutated, who);
  RC_ASSERT((!result || result->body.size() == 5));
}

TEST(Chunked, APlainBodyIsNotDecoded) {
  http::Request request{"PUT", "/b/k", {}, "5\r\nhello\r\n0\r\n\r\n"};
  request.headers.add("Host", "s3.amazonaws.com");
  sign(request, {{"AKIAIOSFODNN7EXAMPLE", std::string(kSecret), ""}, "us-east-1", "s3", kNow});
  EXPECT_EQ(outcome(request, authenticate(request)), "InvalidRequest");
}

}  // namespace
}  // namespace aws::auth
