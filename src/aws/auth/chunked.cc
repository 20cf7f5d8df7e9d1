#include "aws/auth/chunked.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "aws/auth/failure.h"
#include "aws/auth/text.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

using base::Result;

constexpr std::size_t kSizeDigitsMax = 16;
constexpr std::size_t kChunkLineBytesMax = 128;  // size, ";chunk-signature=" and 64 digits fit
constexpr std::size_t kTrailerLineBytesMax = 1024;
constexpr std::size_t kTrailersMax = 16;
constexpr std::size_t kSignedChunkBytesMin = 8192;  // but for the last one that is not empty
constexpr std::string_view kSignatureMark = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

base::AwsError s3_error(std::string code, std::string message, int status = 400) {
  base::AwsError error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.http_status = status;
  return error;
}
auto incomplete() {
  return base::fail(s3_error("IncompleteBody", "The request body terminated unexpectedly"));
}
auto malformed_trailer() {
  return base::fail(s3_error("MalformedTrailerError",
                             "The request contained trailing data that was not well-formed or did not conform to our "
                             "published schema."));
}

class Decoder {
 public:
  Decoder(const http::Request& request, const Authenticated& authenticated)
      : request_(request),
        authenticated_(authenticated),
        rest_(request.body),
        previous_(authenticated.seed_signature()),
        signed_(authenticated.payload_mode() != PayloadMode::streaming_unsigned_trailer),
        has_trailer_(authenticated.payload_mode() != PayloadMode::streaming_signed) {}

  Result<ChunkedBody> run() {
    TRY_ASSIGN(const uint64_t length, decoded_length());
    // Framing only adds bytes, so a larger claim is a lie; this also bounds what is allocated.
    if (length > rest_.size()) return incomplete();
    out_.body.reserve(length);
    for (bool last = false; !last;) {
      TRY_ASSIGN(last, chunk());
      if (out_.body.size() > length) return incomplete();
    }
    if (has_trailer_) {
      TRY(trailers());
    } else if (!take("\r\n")) {
      return incomplete();
    }
    if (!rest_.empty() || out_.body.size() != length) return incomplete();
    return std::move(out_);
  }

 private:
  Result<uint64_t> decoded_length() const {
    const auto header = request_.headers.find("X-Amz-Decoded-Content-Length");
    if (!header)
      return base::fail(s3_error("MissingContentLength", "You must provide the Content-Length HTTP header.", 411));
    uint64_t length = 0;
    const char* end = header->data() + header->size();
    const auto parsed = std::from_chars(header->data(), end, length);
    if (header->empty() || parsed.ptr != end || parsed.ec != std::errc())
      return base::fail(s3_error("InvalidArgument", "The x-amz-decoded-content-length header is not a valid length."));
    return length;
  }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  // The text up to the next CR LF, which must come within `bytes_max`; nullopt otherwise.
  std::optional<std::string_view> line(std::size_t bytes_max) {
    const std::size_t end = rest_.substr(0, bytes_max + 2).find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return out;
  }

  // One chunk; true if it was the empty last one. Its CR LF is left when it is the last: there the trailer begins.
  Result<bool> chunk() {
    const auto header = line(kChunkLineBytesMax);
    if (!header) return incomplete();
    const std::string_view digits = header->substr(0, header->find(';'));
    uint64_t size = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, size, 16);
    if (digits.empty() || digits.size() > kSizeDigitsMax || parsed.ptr != end || parsed.ec != std::errc())
      return incomplete();
    if (size > rest_.size()) return incomplete();
    const std::string_view content = rest_.substr(0, size);
    rest_.remove_prefix(size);
    const std::string_view extension = header->substr(digits.size());
    if (signed_) {
      if (!extension.starts_with(kSignatureMark)) return mismatch();
      TRY(check("AWS4-HMAC-SHA256-PAYLOAD", std::string(kEmptyBodyHash) + '\n', content,
                extension.substr(kSignatureMark.size())));
      if (size > 0 && small_chunk_seen_)
        return base::fail(s3_error("InvalidChunkSizeError",
                                   "Only the last chunk is allowed to have a size less than 8192 bytes", 403));
      small_chunk_seen_ = size < kSignedChunkBytesMin;
    } else if (!extension.empty()) {
      return incomplete();
    }
    if (size == 0) return true;
    out_.body += content;
    if (!take("\r\n")) return incomplete();
    return false;
  }

  // name:value lines, the trailer signature if there is a chain, an empty line.
  Result<void> trailers() {
    std::string canonical;
    std::optional<std::string> provided;
    for (;;) {
      const auto text = line(kTrailerLineBytesMax);
      if (!text) return incomplete();
      if (text->empty()) break;
      // AWS's own example ends trailer lines with LF CR LF.
      const std::string_view pair = text->ends_with('\n') ? text->substr(0, text->size() - 1) : *text;
      const std::size_t colon = pair.find(':');
      if (colon == std::string_view::npos || provided || out_.trailers.size() == kTrailersMax)
        return malformed_trailer();
      const std::string name = lower_case(trim(pair.substr(0, colon)));
      const std::string value(trim(pair.substr(colon + 1)));
      if (name == kTrailerSignature) {
        if (!signed_) return malformed_trailer();
        provided = value;
        continue;
      }
      canonical += name + ':' + value + '\n';
      out_.trailers.emplace_back(name, value);
    }
    if (signed_) {
      if (!provided) return mismatch();
      TRY(check("AWS4-HMAC-SHA256-TRAILER", "", canonical, *provided));
    }
    return announced() ? Result<void>() : Result<void>(malformed_trailer());
  }

  // True if the trailers are those that X-Amz-Trailer, which the seed signature covers, names; each once.
  [[nodiscard]] bool announced() const {
    std::vector<std::string> names, found;
    const std::string_view header = request_.headers.get("X-Amz-Trailer");
    for (std::string_view rest = header; !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      names.push_back(lower_case(trim(part)));
    }
    for (const auto& trailer : out_.trailers) found.push_back(trailer.first);
    std::sort(names.begin(), names.end());
    std::sort(found.begin(), found.end());
    return names == found && std::adjacent_find(found.begin(), found.end()) == found.end();
  }

  // Checks one link of the chain: `provided` must sign `content` after the previous signature.
  Result<void> check(std::string_view algorithm, std::string_view before_hash, std::string_view content,
                     std::string_view provided) {
    if (!authenticated_.is_verified()) return {};
    std::string text(algorithm);
    text += '\n' + authenticated_.amz_date() + '\n' + authenticated_.scope() + '\n' + previous_ + '\n';
    text += before_hash;
    text += content.empty() ? std::string(kEmptyBodyHash) : base::hex_encode(base::sha256(content));
    std::string expected = signature(authenticated_.signing_key(), text);
    if (!base::constant_time_equal(expected, provided)) return mismatch();
    previous_ = std::move(expected);
    return {};
  }

  [[nodiscard]] std::unexpected<base::AwsError> mismatch() const {
    return base::fail(failure(FailureKind::signature_mismatch, ErrorFamily::s3, "",
                              {{"AWSAccessKeyId", authenticated_.access_key_id()}}));
  }

  const http::Request& request_;
  const Authenticated& authenticated_;
  std::string_view rest_;
  std::string previous_;  // signature of the link before
  bool signed_, has_trailer_;
  bool small_chunk_seen_ = false;
  ChunkedBody out_;
};

}  // namespace

Result<ChunkedBody> decode_chunked(const http::Request& request, const Authenticated& authenticated) {
  const PayloadMode mode = authenticated.payload_mode();
  if (mode == PayloadMode::signed_body || mode == PayloadMode::unsigned_body)
    return base::fail(s3_error("InvalidRequest", "The request body is not aws-chunked."));
  return Decoder(request, authenticated).run();
}

}  // namespace aws::auth
