// AWS Signature Version 2 in the query of a URL, for S3 alone: what stock boto3 and `aws s3 presign` make in us-east-1
// and the other old regions, and S3 still takes there. Only such URLs: in the Authorization header it is refused. Used
// by the Verifier, which decides. Pure functions, safe from any thread. Rules: S3 User Guide, "Signing and
// authenticating REST requests (Signature Version 2)".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "base/result.h"

namespace aws::auth {

// What such a URL says of itself, read but not yet believed.
struct V2Claim {
  std::string access_key_id;
  std::string signature;       // base64
  std::string expires;         // seconds since 1970, as they stand in the URL
  std::string security_token;  // empty if absent
};

// Whether the query holds AWSAccessKeyId and Signature.
bool is_presigned_v2(const http::Request& request);

// REQUIRES: is_presigned_v2(). A parameter that is absent, comes twice or would blur what is signed is an error.
base::Result<V2Claim> read_v2_claim(const http::Request& request);

// Covers the method, the resource with its sub-resources, the end, Content-MD5, Content-Type and everything whose name
// begins with x-amz-, header or parameter.
std::string string_to_sign_v2(const http::Request& request, const V2Claim& claim);

std::string signature_v2(std::string_view secret_access_key, std::string_view string_to_sign);  // base64

}  // namespace aws::auth
