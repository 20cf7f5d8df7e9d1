// AWS Signature Version 4: the canonical request, the string to sign, the signing key and the signature, and signing
// a request with them. The client signs with it, the Verifier (verify.h) recomputes with it. Pure functions, safe
// from any thread. Rules: AWS, "Create a signed AWS API request"; reference/protocols.md 1.5.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "base/time.h"

namespace aws::auth {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kScopeTerminator = "aws4_request";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::string_view kEmptyBodyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using SigningKey = std::array<char, 32>;

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for long-term credentials
};

// hashed: the signature covers the body. unsigned_body: it does not; S3 only.
enum class SignedPayload { hashed, unsigned_body };

class SigningKeyCache;

struct SignParameters {
  Credentials credentials;
  std::string region;
  std::string service;  // the signing name, for example "monitoring"
  base::Timestamp now;
  SignedPayload payload = SignedPayload::hashed;
  SigningKeyCache* keys = nullptr;  // where the key of the day is kept; without one it is derived anew
};

// How a request's target was turned into its canonical form. Signers disagree about characters that a target may hold
// either plain or escaped, so a verifier tries both; they name the same resource.
enum class TargetForm {
  as_received,  // the escapes that are on the wire (botocore)
  re_encoded,   // every name and value decoded, then encoded by AWS's rule (most other SDKs)
};

// The canonical URI of a path as on the wire. S3's is that path (keys may hold "//" and ".."); for every other service
// dot segments and repeated slashes go and the rest is encoded once more.
std::string canonical_path(std::string_view path, std::string_view service, TargetForm form);
// The canonical query string of a query as on the wire; the X-Amz-Signature parameter is left out.
std::string canonical_query(std::string_view query, TargetForm form);

// `signed_headers` is the list as it is sent: lower case, sorted, ';' between. A header that is listed but not there
// counts as empty. `payload_hash` goes in as it is.
std::string canonical_request(const http::Request& request, std::string_view service, std::string_view signed_headers,
                              std::string_view payload_hash, TargetForm form);
// "20240102/us-east-1/sqs/aws4_request"
std::string credential_scope(std::string_view date, std::string_view region, std::string_view service);
std::string string_to_sign(std::string_view amz_date, std::string_view scope, std::string_view canonical_request);
// `date` is yyyymmdd.
SigningKey derive_signing_key(std::string_view secret_access_key, std::string_view date, std::string_view region,
                              std::string_view service);
// 64 lower case hex digits.
std::string signature(const SigningKey& key, std::string_view string_to_sign);

// Adds X-Amz-Date, X-Amz-Security-Token (for temporary credentials), X-Amz-Content-SHA256 (for S3, unless the caller
// has set it) and Authorization; replaces what an earlier attempt added. Signs every header but those that proxies and
// HTTP libraries change. The request needs its final Host header, target and body.
void sign(http::Request& request, const SignParameters& parameters);

// The URL by which anybody may make this request until `expires_seconds` (1 to 604800) have passed: the request's
// target with the signature in its query. `origin` is "https://host"; the request's Host header must agree with it.
// Every header of the request is signed and must be sent with it. S3's body is unsigned.
std::string presign_url(std::string_view origin, http::Request request, const SignParameters& parameters,
                        int expires_seconds);

}  // namespace aws::auth
