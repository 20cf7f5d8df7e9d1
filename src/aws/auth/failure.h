// Why a request was not authenticated, and how each family of services words that. Pure functions, safe from any
// thread. Codes and texts are AWS's; where services differ the family decides (reference/protocols.md 1.3, 1.5).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/http/message.h"
#include "base/result.h"

namespace aws::auth {

enum class FailureKind {
  missing,               // no signature at all
  mixed,                 // credentials both in the header and in the query
  unsupported,           // SigV2 (but for presigned URLs of S3), SigV4a or something else
  incomplete,            // the Authorization header lacks a part or cannot be read
  incomplete_query,      // the same for a presigned URL
  incomplete_query_v2,   // the same for one of SigV2, which is S3's
  wrong_scope,           // date, service or terminator of the credential scope
  wrong_scope_query,     // the same for a presigned URL
  headers_not_signed,    // host or an x-amz-* header is not covered
  unknown_key,           // no such access key id
  invalid_token,         // session token missing, wrong, or given for a long-term key
  expired_token,         // temporary credentials past their end
  skewed,                // X-Amz-Date too far from now
  presigned_expired,     // a presigned URL past its end
  signature_mismatch,    //
  body_mismatch,         // S3: the body is not what X-Amz-Content-SHA256 says
  invalid_payload_hash,  // S3: X-Amz-Content-SHA256 is neither a hash nor a known mode
  missing_payload_hash,  // S3: no X-Amz-Content-SHA256
};

// query: SNS, IAM, STS, and SQS and CloudWatch when called so. json: DynamoDB, Logs, SQS, CloudWatch (also CBOR).
enum class ErrorFamily { query, json, rest_json, s3 };

// The family whose words a caller of this request understands.
ErrorFamily error_family(const http::Request& request, std::string_view service);

// Which part of a signature is wrong, for the operator; what the caller reads is AWS's. The detail of every error that
// failure() makes.
struct SignatureRefusal final : base::ErrorDetail {
  explicit SignatureRefusal(FailureKind its_kind, std::string its_difference = {})
      : kind(its_kind), difference(std::move(its_difference)) {}
  FailureKind kind;
  std::string difference;  // what differs, where that is known; nothing secret
};
const SignatureRefusal* signature_refusal(const base::AwsError& error);  // nullptr: it is another error
std::string_view name_of(FailureKind kind);                              // "wrong_scope"
std::string_view text_of(FailureKind kind);                              // for people, without anything of the request

// The error of `kind`; `text` replaces the usual message if it is not empty. `fields` are for S3 only and dropped
// for other families. Of the json family `query_code` is set too, for the services that send both.
base::AwsError failure(FailureKind kind, ErrorFamily family, std::string text = {},
                       std::vector<std::pair<std::string, std::string>> fields = {});

}  // namespace aws::auth
