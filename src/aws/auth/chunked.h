// The decoder of aws-chunked bodies, S3's framing of an upload inside the HTTP body, with its chain of signatures.
// Used by the server after the Verifier and before anything of the body is believed. Pure function, safe from any
// thread. Format: AWS, "Signature calculations ... transferring payload in multiple chunks", and the same "including
// trailing headers"; reference/reliability.md S7.
#pragma once

#include <string>
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

}  // namespace aws::auth
