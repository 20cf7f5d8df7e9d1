// The checksums that the headers of an S3 request claim for its body, where the operation itself knows nothing of them:
// DeleteObjects and the configurations of buckets. (Those that are members of an operation's input, as PutObject's,
// are the operation's to check, because they are about an object and are kept.) Pure, safe from any thread.
#pragma once

#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// Fails with BadDigest if Content-MD5 or x-amz-checksum-* is not that of the body; with InvalidDigest or InvalidRequest
// if it cannot be one, if there are two, if x-amz-sdk-checksum-algorithm announces one that is not there, or if the
// operation needs one and there is none; with service.unsupported_code for an algorithm that this engine does not have.
// Texts: protocols.md 4.5 items 7 to 9, as engine/s3/checksum.h has them for objects.
base::Result<void> check_body_checksum(const ServiceDesc& service, const OperationDesc& operation,
                                       const http::Request& request);

}  // namespace aws::codec
