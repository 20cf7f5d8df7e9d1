// The decoder of aws-chunked bodies, S3's framing of an upload inside the HTTP body, with its chain of signatures.
// Used by the server after the Verifier and before anything of the body is believed. Format: AWS, "Signature
// calculations ... transferring payload in multiple chunks", and the same "including trailing headers";
// reference/reliability.md S7.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/auth/verify.h"
#include "aws/http/message.h"
#include "base/result.h"

namespace aws::auth {

struct ChunkedBody {
  std::string body;
  // Names in lower case, exactly those that X-Amz-Trailer announced: checksums, for the caller to compare with the
  // body. x-amz-trailer-signature is not among them.
  std::vector<std::pair<std::string, std::string>> trailers;
};

// Decodes the body of a request that `authenticated` says is streaming. For the signed modes every chunk and the
// trailer must continue the chain from the seed signature. The last chunk must be there and empty, nothing may follow
// it, and the length must be X-Amz-Decoded-Content-Length. S3's errors: SignatureDoesNotMatch, IncompleteBody,
// InvalidChunkSizeError, MalformedTrailerError, MissingContentLength, InvalidRequest (also if it is not streaming).
base::Result<ChunkedBody> decode_chunked(const http::Request& request, const Authenticated& authenticated);

// The same for a body that arrives piece by piece. Nothing that feed() has decoded may be used before finish() has
// succeeded. Used by one thread at a time.
class ChunkedDecoder {
 public:
  // `head` and `authenticated` outlive the decoder.
  static base::Result<ChunkedDecoder> begin(const http::Request& head, const Authenticated& authenticated);
  ChunkedDecoder(ChunkedDecoder&&) noexcept;
  ChunkedDecoder& operator=(ChunkedDecoder&&) noexcept;
  ~ChunkedDecoder();

  [[nodiscard]] uint64_t length() const;  // X-Amz-Decoded-Content-Length
  // Appends to `out` what `bytes` carry.
  base::Result<void> feed(std::string_view bytes, std::string& out);
  // The body ends here. The trailers, as in ChunkedBody.
  base::Result<std::vector<std::pair<std::string, std::string>>> finish();

 private:
  class State;
  explicit ChunkedDecoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aws::auth
