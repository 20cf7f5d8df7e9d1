#include "aws/auth/chunked.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "aws/auth/failure.h"
#include "aws/auth/text.h"
#include "aws/auth/trailer.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

using base::Result;

constexpr std::size_t kSizeDigitsMax = 16;
constexpr std::size_t kChunkLineBytesMax = 128;  // size, ";chunk-signature=" and 64 digits fit
constexpr std::size_t kTrailerLineBytesMax = 1024;
constexpr std::size_t kTrailersMax = 16;
constexpr std::size_t kTrailerBytesMax = kTrailersMax * kTrailerLineBytesMax;
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

}  // namespace

// The chain of signatures, and where in the framing the next byte stands.
class ChunkedDecoder::State {
 public:
  State(const http::Request& head, const Authenticated& authenticated)
      : request_(head),
        authenticated_(authenticated),
        previous_(authenticated.seed_signature()),
        signed_(authenticated.payload_mode() != PayloadMode::streaming_unsigned_trailer),
        has_trailer_(authenticated.payload_mode() != PayloadMode::streaming_signed) {}

  Result<void> begin() {
    TRY_ASSIGN(length_, decoded_length());
    if (has_trailer_) TRY(check_announced_trailers(request_.headers.get("X-Amz-Trailer")));
    return {};
  }
  [[nodiscard]] uint64_t length() const { return length_; }

  Result<void> feed(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
      if (last_seen_) return keep(bytes, kTrailerBytesMax);
      if (left_ > 0) {
        const std::string_view piece = bytes.substr(0, left_);
        out += piece.substr(0, static_cast<std::size_t>(length_ - emitted_));  // a longer chunk fails at its end
        emitted_ += std::min<uint64_t>(piece.size(), length_ - emitted_);
        if (signed_) content_hash_->update(piece);
        left_ -= piece.size();
        bytes.remove_prefix(piece.size());
        if (left_ == 0) TRY(end_of_chunk());
        continue;
      }
      // A chunk's header, with the CR LF of the content before it.
      const std::size_t newline = bytes.find('\n');
      const std::string_view part = bytes.substr(0, newline == bytes.npos ? bytes.size() : newline + 1);
      TRY(keep(part, kChunkLineBytesMax + 2));
      bytes.remove_prefix(part.size());
      if (newline != bytes.npos) TRY(end_of_line());
    }
    return {};
  }

  Result<std::vector<std::pair<std::string, std::string>>> finish() {
    if (!last_seen_) return incomplete();
    rest_ = kept_;
    if (has_trailer_) {
      TRY(trailers());
    } else if (!take("\r\n")) {
      return incomplete();
    }
    if (!rest_.empty() || received_ != length_) return incomplete();
    return std::move(trailers_);
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

  Result<void> keep(std::string_view bytes, std::size_t bytes_max) {
    if (kept_.size() + bytes.size() > bytes_max) return incomplete();
    kept_ += bytes;
    return {};
  }

  // kept_ ends in LF. It is the end of the content before, or a chunk's header.
  Result<void> end_of_line() {
    if (std::exchange(after_content_, false)) {
      if (kept_ != "\r\n") return incomplete();
      kept_.clear();
      return {};
    }
    if (!kept_.ends_with("\r\n")) return {};  // a header ends with CR LF only
    const std::string header = std::exchange(kept_, {});
    return begin_chunk(std::string_view(header).substr(0, header.size() - 2));
  }

  Result<void> begin_chunk(std::string_view header) {
    const std::string_view digits = header.substr(0, header.find(';'));
    uint64_t size = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, size, 16);
    if (digits.empty() || digits.size() > kSizeDigitsMax || parsed.ptr != end || parsed.ec != std::errc())
      return incomplete();
    if (size > UINT64_MAX - received_) return incomplete();
    const std::string_view extension = header.substr(digits.size());
    if (signed_) {
      if (!extension.starts_with(kSignatureMark)) return mismatch();
      provided_ = extension.substr(kSignatureMark.size());
      content_hash_.emplace(base::Digest::Kind::sha256);
    } else if (!extension.empty()) {
      return incomplete();
    }
    size_ = left_ = size;
    received_ += size;
    return size == 0 ? end_of_chunk() : Result<void>();
  }

  // The last chunk is empty; its CR LF is left, because there the trailer begins.
  Result<void> end_of_chunk() {
    if (signed_) {
      TRY(check("AWS4-HMAC-SHA256-PAYLOAD", std::string(kEmptyBodyHash) + '\n',
                base::hex_encode(content_hash_->finish()), provided_));
      if (size_ > 0 && small_chunk_seen_)
        return base::fail(s3_error("InvalidChunkSizeError",
                                   "Only the last chunk is allowed to have a size less than 8192 bytes", 403));
      small_chunk_seen_ = size_ < kSignedChunkBytesMin;
    }
    if (received_ > length_) return incomplete();
    last_seen_ = size_ == 0;
    after_content_ = !last_seen_;
    return {};
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
      if (colon == std::string_view::npos || provided || trailers_.size() == kTrailersMax) return malformed_trailer();
      const std::string name = lower_case(trim(pair.substr(0, colon)));
      const std::string value(trim(pair.substr(colon + 1)));
      if (name == kTrailerSignature) {
        if (!signed_) return malformed_trailer();
        provided = value;
        continue;
      }
      canonical += name + ':' + value + '\n';
      trailers_.emplace_back(name, value);
    }
    if (signed_) {
      if (!provided) return mismatch();
      TRY(check("AWS4-HMAC-SHA256-TRAILER", "", base::hex_encode(base::sha256(canonical)), *provided));
    }
    if (!announced()) return malformed_trailer();
    for (const auto& [name, value] : trailers_) {
      TRY(check_trailer(name, value));
      if (request_.headers.contains(name))  // which of the two would count?
        return base::fail(s3_error(
            "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
    }
    return {};
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
    for (const auto& trailer : trailers_) found.push_back(trailer.first);
    std::sort(names.begin(), names.end());
    std::sort(found.begin(), found.end());
    return names == found && std::adjacent_find(found.begin(), found.end()) == found.end();
  }

  // Checks one link of the chain: `provided` must sign what has `hash` after the previous signature.
  Result<void> check(std::string_view algorithm, std::string_view before_hash, std::string_view hash,
                     std::string_view provided) {
    if (!authenticated_.is_verified()) return {};
    std::string text(algorithm);
    text += '\n' + authenticated_.amz_date() + '\n' + authenticated_.scope() + '\n' + previous_ + '\n';
    text += before_hash;
    text += hash;
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
  std::string previous_;  // signature of the link before
  bool signed_, has_trailer_;
  bool small_chunk_seen_ = false;
  uint64_t length_ = 0;    // of everything decoded
  uint64_t emitted_ = 0;   // of it
  uint64_t received_ = 0;  // of it, up to the end of the chunk in hand
  uint64_t size_ = 0;      // of that chunk
  uint64_t left_ = 0;      // of it
  bool after_content_ = false;
  bool last_seen_ = false;
  std::string provided_;  // that chunk's signature
  std::optional<base::Digest> content_hash_;
  std::string kept_;       // an unfinished line, or the trailer
  std::string_view rest_;  // of the trailer
  std::vector<std::pair<std::string, std::string>> trailers_;
};

ChunkedDecoder::ChunkedDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChunkedDecoder::ChunkedDecoder(ChunkedDecoder&&) noexcept = default;
ChunkedDecoder& ChunkedDecoder::operator=(ChunkedDecoder&&) noexcept = default;
ChunkedDecoder::~ChunkedDecoder() = default;

Result<ChunkedDecoder> ChunkedDecoder::begin(const http::Request& head, const Authenticated& authenticated) {
  const PayloadMode mode = authenticated.payload_mode();
  if (mode == PayloadMode::signed_body || mode == PayloadMode::unsigned_body)
    return base::fail(s3_error("InvalidRequest", "The request body is not aws-chunked."));
  auto state = std::make_unique<State>(head, authenticated);
  TRY(state->begin());
  return ChunkedDecoder(std::move(state));
}

uint64_t ChunkedDecoder::length() const {
  return state_->length();
}

Result<void> ChunkedDecoder::feed(std::string_view bytes, std::string& out) {
  return state_->feed(bytes, out);
}

Result<std::vector<std::pair<std::string, std::string>>> ChunkedDecoder::finish() {
  return state_->finish();
}

Result<ChunkedBody> decode_chunked(const http::Request& request, const Authenticated& authenticated) {
  TRY_ASSIGN(ChunkedDecoder decoder, ChunkedDecoder::begin(request, authenticated));
  // Framing only adds bytes, so a larger claim is a lie; this also bounds what is allocated.
  if (decoder.length() > request.body.size()) return incomplete();
  ChunkedBody out;
  out.body.reserve(decoder.length());
  TRY(decoder.feed(request.body, out.body));
  TRY_ASSIGN(out.trailers, decoder.finish());
  return out;
}

}  // namespace aws::auth
