// Compressed request bodies: SDKs gzip large ones (CloudWatch's PutMetricData). Pure, safe from any thread.
#pragma once

#include "aws/http/message.h"
#include "base/result.h"

namespace server {

// Replaces a gzip body by what it holds and drops the header; other requests stay as they are. Fails with
// SerializationException for damaged data, an unknown encoding, or more than kInflatedBytesMax bytes.
base::Result<void> decode_content_encoding(aws::http::Request& request);

constexpr std::size_t kInflatedBytesMax = 64 << 20;

}  // namespace server
