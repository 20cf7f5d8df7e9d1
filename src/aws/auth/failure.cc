#include "aws/auth/failure.h"

#include "base/check.h"

namespace aws::auth {
namespace {

constexpr std::string_view kTokenInvalid = "The security token included in the request is invalid.";
constexpr std::string_view kMismatch =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.";

// One row: the codes by family, the status of query and of S3 (json is always 400, rest-json always 403), the text.
struct Wording {
  FailureKind kind;
  std::string_view query_code, json_code, s3_code;
  int query_status, s3_status;
  std::string_view text, s3_text;
};

constexpr std::string_view kNoMatch = "SignatureDoesNotMatch";
constexpr std::string_view kInvalid = "InvalidSignatureException";
constexpr std::string_view kIncomplete = "IncompleteSignature";
constexpr std::string_view kIncompleteException = "IncompleteSignatureException";

constexpr Wording kWordings[] = {
    {FailureKind::missing, "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AccessDenied", 403,
     403, "Request is missing Authentication Token", "Access Denied"},
    {FailureKind::mixed, kNoMatch, kInvalid, "InvalidArgument", 400, 400,
     "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
     "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
     "the Authorization header should be specified"},
    {FailureKind::unsupported, kIncomplete, kIncompleteException, "InvalidRequest", 400, 400,
     "Unsupported signature algorithm, only AWS4-HMAC-SHA256 is supported.",
     "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."},
    {FailureKind::incomplete, kIncomplete, kIncompleteException, "AuthorizationHeaderMalformed", 400, 400,
     "The Authorization header is malformed.", "The authorization header that you provided is not valid."},
    {FailureKind::incomplete_query, kIncomplete, kIncompleteException, "AuthorizationQueryParametersError", 400, 400,
     "AWS query-string parameters are malformed. Re-examine the query-string parameters.",
     "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
     "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."},
    {FailureKind::incomplete_query_v2, kIncomplete, kIncompleteException, "AccessDenied", 400, 403,
     "AWS query-string parameters are malformed. Re-examine the query-string parameters.",
     "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"},
    {FailureKind::wrong_scope, kNoMatch, kInvalid, "AuthorizationHeaderMalformed", 403, 400, kMismatch,
     "The authorization header that you provided is not valid."},
    {FailureKind::wrong_scope_query, kNoMatch, kInvalid, "AuthorizationQueryParametersError", 403, 400, kMismatch,
     "Error parsing the X-Amz-Credential parameter."},
    {FailureKind::headers_not_signed, kNoMatch, kInvalid, "AccessDenied", 403, 403, kMismatch,
     "There were headers present in the request which were not signed"},
    {FailureKind::unknown_key, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", 403, 403,
     kTokenInvalid, "The AWS Access Key Id you provided does not exist in our records."},
    {FailureKind::invalid_token, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken", 403, 400,
     kTokenInvalid, "The provided token is malformed or otherwise invalid."},
    {FailureKind::expired_token, "ExpiredToken", "ExpiredTokenException", "ExpiredToken", 403, 400,
     "The security token included in the request is expired", "The provided token has expired."},
    {FailureKind::skewed, kNoMatch, kInvalid, "RequestTimeTooSkewed", 403, 403, kMismatch,
     "The difference between the request time and the current time is too large."},
    {FailureKind::presigned_expired, kNoMatch, kInvalid, "AccessDenied", 403, 403, kMismatch, "Request has expired"},
    {FailureKind::signature_mismatch, kNoMatch, kInvalid, "SignatureDoesNotMatch", 403, 403, kMismatch,
     "The request signature we calculated does not match the signature you provided. Check your key and signing "
     "method."},
    {FailureKind::body_mismatch, kNoMatch, kInvalid, "XAmzContentSHA256Mismatch", 403, 400, kMismatch,
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
    {FailureKind::invalid_payload_hash, kNoMatch, kInvalid, "InvalidArgument", 403, 400, kMismatch,
     "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
     "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."},
    {FailureKind::missing_payload_hash, kNoMatch, kInvalid, "InvalidRequest", 403, 400, kMismatch,
     "Missing required header for this request: x-amz-content-sha256"},
};

}  // namespace

ErrorFamily error_family(const http::Request& request, std::string_view service) {
  if (service == "s3") return ErrorFamily::s3;
  if (service == "lambda") return ErrorFamily::rest_json;
  if (service == "dynamodb" || service == "logs") return ErrorFamily::json;
  const bool json = request.headers.contains("X-Amz-Target") || request.headers.contains("Smithy-Protocol");
  return json ? ErrorFamily::json : ErrorFamily::query;
}

base::AwsError failure(FailureKind kind, ErrorFamily family, std::string text,
                       std::vector<std::pair<std::string, std::string>> fields) {
  const Wording* row = nullptr;
  for (const Wording& candidate : kWordings)
    if (candidate.kind == kind) row = &candidate;
  CHECK(row != nullptr, "every kind of failure has its words");
  base::AwsError error;
  const bool s3 = family == ErrorFamily::s3;
  error.code = s3 ? row->s3_code : family == ErrorFamily::query ? row->query_code : row->json_code;
  error.message = !text.empty() ? std::move(text) : std::string(s3 ? row->s3_text : row->text);
  switch (family) {
    case ErrorFamily::s3:
      error.http_status = row->s3_status;
      error.fields = std::move(fields);
      break;
    case ErrorFamily::query:
      error.http_status = row->query_status;
      break;
    case ErrorFamily::json:
      error.http_status = 400;
      error.query_code = row->query_code;
      break;
    case ErrorFamily::rest_json:
      error.http_status = 403;
      break;
  }
  return error;
}

}  // namespace aws::auth
