// Compressed request bodies: SDKs gzip large ones (CloudWatch's PutMetricData). Pure, safe from any thread.
#pragma once

#include <cstddef>
#include <string>

#include "aws/http/message.h"
#include "base/result.h"

namespace server {

constexpr std::size_t kInflatedBytesMax = 64 << 20;

// Replaces a compressed body (gzip, of any number of members, or deflate, with or without zlib's frame) by what it
// holds and drops the header; other requests stay as they are. Fails with SerializationException for damaged data and
// unknown encodings, and with RequestEntityTooLargeException (413) for more than `bytes_max` or kInflatedBytesMax
// bytes: no more than that is ever decompressed.
base::Result<void> decode_content_encoding(aws::http::Request& request, std::size_t bytes_max = kInflatedBytesMax);

// The first bytes of what the body holds, for who has to look before the signature is known to be right; the body
// itself if it is not compressed or damaged.
std::string peek_body(const aws::http::Request& request);

}  // namespace server
