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

struct Told {
  FailureKind kind;
  std::string_view name, text;
};

constexpr Told kTold[] = {
    {FailureKind::missing, "missing", "it is not signed"},
    {FailureKind::mixed, "mixed", "it is signed in the Authorization header and in the query"},
    {FailureKind::unsupported, "unsupported", "it is signed in a way that is not SigV4"},
    {FailureKind::incomplete, "incomplete", "the Authorization header lacks a part or cannot be read"},
    {FailureKind::incomplete_query, "incomplete", "the presigned URL lacks a part or cannot be read"},
    {FailureKind::incomplete_query_v2, "incomplete", "the presigned URL (SigV2) lacks a part or cannot be read"},
    {FailureKind::wrong_scope, "scope", "the credential scope is not for this service, or of another day"},
    {FailureKind::wrong_scope_query, "scope", "the credential scope is not for this service, or of another day"},
    {FailureKind::headers_not_signed, "headers_not_signed", "a header is not signed that has to be"},
    {FailureKind::unknown_key, "unknown_key", "the access key id is unknown"},
    {FailureKind::invalid_token, "session_token", "the session token is not the one of these credentials"},
    {FailureKind::expired_token, "expired_token", "the temporary credentials have expired"},
    {FailureKind::skewed, "clock", "it was signed at another time than it is here"},
    {FailureKind::presigned_expired, "expired", "the presigned URL has expired, or is not valid yet"},
    {FailureKind::signature_mismatch, "signature",
     "the signature does not match: another secret key, or a request that was changed on its way"},
    {FailureKind::body_mismatch, "body", "the body is not the one that was signed"},
    {FailureKind::invalid_payload_hash, "payload_hash", "x-amz-content-sha256 is neither a hash nor a known mode"},
    {FailureKind::missing_payload_hash, "payload_hash", "x-amz-content-sha256 is missing"},
};

const Told& told(FailureKind kind) {
  for (const Told& row : kTold)
    if (row.kind == kind) return row;
  return kTold[0];
}

// What of an error tells more than its kind: names and times. Signatures, tokens and canonical requests do not.
std::string difference(FailureKind kind, const std::string& text,
                       const std::vector<std::pair<std::string, std::string>>& fields) {
  if (kind == FailureKind::wrong_scope || kind == FailureKind::wrong_scope_query) return text;
  std::string out;
  for (const auto& [name, value] : fields) {
    if (name != "HeadersNotSigned" && name != "Expires" && name != "X-Amz-Expires" && name != "X-Amz-Date" &&
        name != "ServerTime" && name != "RequestTime")
      continue;
    out.append(out.empty() ? "" : ", ").append(name).append(" ").append(value);
  }
  return out;
}

}  // namespace

const SignatureRefusal* signature_refusal(const base::AwsError& error) {
  return dynamic_cast<const SignatureRefusal*>(error.detail.get());
}

std::string_view name_of(FailureKind kind) {
  return told(kind).name;
}

std::string_view text_of(FailureKind kind) {
  return told(kind).text;
}

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
  error.detail = std::make_shared<SignatureRefusal>(kind, difference(kind, text, fields));
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
