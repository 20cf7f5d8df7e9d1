#include "aws/auth/verify.h"

#include <algorithm>
#include <charconv>

#include "aws/auth/claim.h"
#include "aws/auth/failure.h"
#include "aws/auth/sigv2.h"
#include "aws/auth/text.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

using base::Result;
using base::Timestamp;
using std::chrono::minutes;

// Stands in for the secret of an unknown key, so that a wrong key id costs as much time as a wrong secret (S9).
constexpr std::string_view kDummySecret = "wrong-key-id-wrong-key-id-wrong-key-id-w";

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_listed(std::string_view lower_names, std::string_view name) {
  for (std::string_view rest = lower_names; !rest.empty();) {
    const std::string_view candidate = rest.substr(0, rest.find(';'));
    if (http::equal_ignoring_case(candidate, name)) return true;
    rest.remove_prefix(std::min(candidate.size() + 1, rest.size()));
  }
  return false;
}

bool starts_with_x_amz(std::string_view name) {
  return name.size() > 6 && http::equal_ignoring_case(name.substr(0, 6), "x-amz-");
}

// S4. The prefix is exactly "x-amz-": x-amzn-trace-id and the like are added on the way.
Result<void> check_coverage(const http::Request& request, const Claim& claim, ErrorFamily family) {
  std::string unsigned_names;
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers.fields()) {
    if (http::equal_ignoring_case(name, "host")) ++hosts;
    if (!starts_with_x_amz(name) || is_listed(claim.signed_headers, name)) continue;
    if (!unsigned_names.empty()) unsigned_names += ", ";
    for (const char c : name) unsigned_names += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (hosts != 1) return base::fail(failure(FailureKind::signature_mismatch, family));
  if (unsigned_names.empty()) return {};
  return base::fail(failure(
      FailureKind::headers_not_signed, family,
      family == ErrorFamily::s3 ? "" : '\'' + unsigned_names + "' must be a 'SignedHeader' in the AWS Authorization.",
      {{"HeadersNotSigned", unsigned_names}}));
}

Result<void> check_service(const Claim& claim, std::string_view service, ErrorFamily family) {
  if (claim.service == service) return {};
  const bool header = claim.carrier == Claim::Carrier::header;
  const FailureKind kind = header ? FailureKind::wrong_scope : FailureKind::wrong_scope_query;
  if (family != ErrorFamily::s3)
    return base::fail(
        failure(kind, family, "Credential should be scoped to correct service: '" + std::string(service) + "'. "));
  return base::fail(failure(kind, family,
                            std::string(header ? "The authorization header is malformed; "
                                               : "Error parsing the X-Amz-Credential parameter; ") +
                                "incorrect service \"" + claim.service + "\". This endpoint belongs to \"s3\"."));
}

base::AwsError skew_error(const Claim& claim, ErrorFamily family, Timestamp now, minutes window) {
  const std::string server = base::format_amz_date(now);
  const std::string amount = std::to_string(window.count()) + " min.)";
  const std::string text = claim.time < now ? "Signature expired: " + claim.amz_date + " is now earlier than " +
                                                  base::format_amz_date(now - window) + " (" + server + " - " + amount
                                            : "Signature not yet current: " + claim.amz_date + " is still later than " +
                                                  base::format_amz_date(now + window) + " (" + server + " + " + amount;
  base::AwsError error = failure(FailureKind::skewed, family, family == ErrorFamily::s3 ? "" : text,
                                 {{"RequestTime", claim.amz_date},
                                  {"ServerTime", base::format_iso8601_seconds(now)},
                                  {"MaxAllowedSkewMilliseconds", std::to_string(window.count() * 60'000)}});
  const auto by =
      std::chrono::duration_cast<std::chrono::seconds>(claim.time < now ? now - claim.time : claim.time - now);
  error.detail = std::make_shared<SignatureRefusal>(
      FailureKind::skewed, "the clock of who signed it is " + std::to_string(by.count()) + " s " +
                               (claim.time < now ? "behind" : "ahead") + ", or it was kept for so long");
  return error;
}

// S5 and S8.
Result<void> check_time(const Claim& claim, ErrorFamily family, Timestamp now) {
  const minutes window(family == ErrorFamily::s3 ? 15 : 5);
  if (!claim.expires_seconds) {
    if (claim.time < now - window || claim.time > now + window)
      return base::fail(skew_error(claim, family, now, window));
    return {};
  }
  if (claim.time > now + window) {
    if (family != ErrorFamily::s3) return base::fail(skew_error(claim, family, now, window));
    return base::fail(failure(FailureKind::presigned_expired, family, "Request is not valid yet",
                              {{"X-Amz-Date", claim.amz_date}, {"ServerTime", base::format_iso8601_seconds(now)}}));
  }
  const Timestamp end = claim.time + std::chrono::seconds(*claim.expires_seconds);
  if (now <= end) return {};
  if (family != ErrorFamily::s3) {
    return base::fail(failure(
        FailureKind::presigned_expired, family,
        "Signature expired: " + base::format_amz_date(end) + " is now earlier than " + base::format_amz_date(now)));
  }
  return base::fail(failure(FailureKind::presigned_expired, family, "",
                            {{"X-Amz-Expires", std::to_string(*claim.expires_seconds)},
                             {"Expires", base::format_iso8601_seconds(end)},
                             {"ServerTime", base::format_iso8601_seconds(now)}}));
}

struct Payload {
  PayloadMode mode = PayloadMode::signed_body;
  std::string hash;  // as it stands in the canonical request
};

std::string hash_of(const std::string& body) {
  return body.empty() ? std::string(kEmptyBodyHash) : base::hex_encode(base::sha256(body));
}

// What the canonical request says of the body. There is no default: an unknown mode is an error (S1, S6).
Result<Payload> read_payload(const http::Request& request, const Claim& claim, ErrorFamily family,
                             std::string_view body_hash) {
  Payload payload;
  if (family != ErrorFamily::s3) {
    payload.hash = body_hash;
    return payload;
  }
  const bool presigned = claim.carrier == Claim::Carrier::query;
  if (const auto header = request.headers.find("X-Amz-Content-SHA256")) {
    payload.hash = *header;
  } else if (!claim.content_sha256.empty()) {
    payload.hash = claim.content_sha256;
  } else if (presigned) {
    payload.hash = kUnsignedPayload;
  } else {
    return base::fail(failure(FailureKind::missing_payload_hash, family));
  }
  if (payload.hash == kUnsignedPayload) {
    payload.mode = PayloadMode::unsigned_body;
  } else if (payload.hash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" && !presigned) {
    payload.mode = PayloadMode::streaming_unsigned_trailer;
  } else if (payload.hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" && !presigned) {
    payload.mode = PayloadMode::streaming_signed;
  } else if (payload.hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" && !presigned) {
    payload.mode = PayloadMode::streaming_signed_trailer;
  } else if (!is_hash(payload.hash)) {
    return base::fail(failure(FailureKind::invalid_payload_hash, family, "",
                              {{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", payload.hash}}));
  }
  return payload;
}

// "47 45 54": S3 shows texts so too, to make invisible differences visible.
std::string spaced_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 3);
  for (const char c : bytes) {
    if (!out.empty()) out += ' ';
    out += base::hex_encode({&c, 1});
  }
  return out;
}

// Version 2 of the AWS SDK for JavaScript hoists a header into the query of a presigned URL and names it among the
// signed ones all the same: then the parameter's value stands for the header. Without a body; nullopt if there is none.
std::optional<http::Request> with_hoisted_headers(const http::Request& request, const Claim& claim) {
  std::optional<http::Request> out;
  if (claim.carrier != Claim::Carrier::query) return out;
  for (std::string_view rest = request.query(); !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::string_view raw_name = part.substr(0, part.find('='));
    const std::string name = lower_case(base::percent_decode(raw_name).value_or(""));
    if (!starts_with_x_amz(name) || !is_listed(claim.signed_headers, name) || request.headers.contains(name)) continue;
    const auto value = base::percent_decode(part.substr(std::min(raw_name.size() + 1, part.size())));
    if (!value) continue;
    if (!out) out = http::Request{request.method, request.target, request.headers, ""};
    out->headers.add(name, *value);
  }
  return out;
}

// Recomputes the signature over both forms of the target.
class Signature {
 public:
  Signature(const http::Request& request, const Claim& claim, std::string_view scope, std::string_view payload_hash)
      : request_(request), claim_(claim), scope_(scope), payload_hash_(payload_hash) {}

  bool matches(const SigningKey& key) {
    as_received_ = canonical(TargetForm::as_received);
    if (matches(key, as_received_)) return true;
    if (request_.target.find_first_of("?%") == std::string::npos && plain_path()) return false;
    const std::string other = canonical(TargetForm::re_encoded);
    return other != as_received_ && matches(key, other);
  }

  [[nodiscard]] base::AwsError mismatch(ErrorFamily family) const {
    if (family != ErrorFamily::s3) return failure(FailureKind::signature_mismatch, family);
    const std::string to_sign = string_to_sign(claim_.amz_date, scope_, as_received_);
    return failure(FailureKind::signature_mismatch, family, "",
                   {{"AWSAccessKeyId", claim_.access_key_id},
                    {"StringToSign", to_sign},
                    {"SignatureProvided", claim_.signature},
                    {"StringToSignBytes", spaced_hex(to_sign)},
                    {"CanonicalRequest", as_received_},
                    {"CanonicalRequestBytes", spaced_hex(as_received_)}});
  }

 private:
  [[nodiscard]] std::string canonical(TargetForm form) const {
    return canonical_request(request_, claim_.service, claim_.signed_headers, payload_hash_, form);
  }
  [[nodiscard]] bool matches(const SigningKey& key, std::string_view canonical) const {
    return base::constant_time_equal(signature(key, string_to_sign(claim_.amz_date, scope_, canonical)),
                                     claim_.signature);
  }
  [[nodiscard]] bool plain_path() const { return base::percent_encode(request_.target, true) == request_.target; }

  const http::Request& request_;
  const Claim& claim_;
  std::string_view scope_, payload_hash_;
  std::string as_received_;
};

// A session token belongs to temporary credentials, and then exactly theirs. `AnyClaim` is Claim or V2Claim.
template <class AnyClaim>
Result<void> check_token(const AnyClaim& claim, const Credential& credential, ErrorFamily family, Timestamp now) {
  if (!base::constant_time_equal(claim.security_token, credential.session_token)) {
    // S3 does not know a temporary key by itself, without its token.
    if (claim.security_token.empty() && family == ErrorFamily::s3)
      return base::fail(failure(FailureKind::unknown_key, family, "", {{"AWSAccessKeyId", claim.access_key_id}}));
    return base::fail(failure(FailureKind::invalid_token, family, "", {{"Token-0", claim.security_token}}));
  }
  if (credential.expiration && now >= *credential.expiration)
    return base::fail(failure(FailureKind::expired_token, family, "", {{"Token-0", claim.security_token}}));
  return {};
}

bool is_by_v2(const http::Request& request) {
  return is_presigned_v2(request) && !request.headers.contains("Authorization") &&
         request.query().find("X-Amz-") == std::string_view::npos;
}

}  // namespace

Result<Authenticated> Verifier::verify(const http::Request& request, std::string_view service, Timestamp now,
                                       std::optional<Timestamp> token_now) {
  const ErrorFamily family = error_family(request, service);
  if (family == ErrorFamily::s3 && is_by_v2(request)) return verify_presigned_v2(request, now, token_now.value_or(now));
  // S3's signature names the hash itself, if it covers the body at all.
  std::string body_hash = family == ErrorFamily::s3 ? "" : hash_of(request.body);
  TRY_ASSIGN(const AwaitedBody verified, verify_signature(request, service, now, token_now.value_or(now), body_hash));
  if (family == ErrorFamily::s3 && verified.needs_hash()) body_hash = hash_of(request.body);
  return verified.arrived(body_hash);
}

Result<std::optional<AwaitedBody>> Verifier::verify_head(const http::Request& head, std::string_view service,
                                                         Timestamp now, Timestamp token_now) {
  const ErrorFamily family = error_family(head, service);
  if (family == ErrorFamily::s3 && is_by_v2(head)) {
    AwaitedBody body;
    TRY_ASSIGN(body.sender_, verify_presigned_v2(head, now, token_now));
    return body;
  }
  if (family == ErrorFamily::s3) return verify_signature(head, service, now, token_now, "");
  TRY_ASSIGN(const Claim claim, read_claim(head, family));
  TRY(check_service(claim, service, family));
  TRY(check_coverage(head, claim, family));
  TRY(check_time(claim, family, now));
  const std::optional<Credential> credential = credentials_.find(claim.access_key_id);
  const bool anybody = credentials_.anybody().has_value();
  if (!credential && !anybody)
    return base::fail(failure(FailureKind::unknown_key, family, "", {{"AWSAccessKeyId", claim.access_key_id}}));
  if (credential && (!anybody || !credential->session_token.empty()))
    TRY(check_token(claim, *credential, family, token_now));
  return std::nullopt;
}

Result<Authenticated> AwaitedBody::arrived(std::string_view sha256) const {
  if (needs_hash() && !base::constant_time_equal(signed_hash_, sha256)) {
    return base::fail(
        failure(FailureKind::body_mismatch, ErrorFamily::s3, "",
                {{"ClientComputedContentSHA256", signed_hash_}, {"S3ComputedContentSHA256", std::string(sha256)}}));
  }
  return sender_;
}

Result<AwaitedBody> Verifier::verify_signature(const http::Request& request, std::string_view service, Timestamp now,
                                               Timestamp token_now, std::string_view body_hash) {
  const ErrorFamily family = error_family(request, service);
  TRY_ASSIGN(Claim claim, read_claim(request, family));
  TRY(check_service(claim, service, family));
  TRY(check_coverage(request, claim, family));
  TRY(check_time(claim, family, now));
  TRY_ASSIGN(Payload payload, read_payload(request, claim, family, body_hash));

  std::string scope = credential_scope(claim.date, claim.region, claim.service);
  std::optional<Credential> credential = credentials_.find(claim.access_key_id);
  const SigningKey key = credential ? signing_keys_.get(claim.access_key_id, credential->secret_access_key, claim.date,
                                                        claim.region, claim.service)
                                    : derive_signing_key(kDummySecret, claim.date, claim.region, claim.service);
  const std::optional<http::Request> hoisted = with_hoisted_headers(request, claim);
  Signature expected(hoisted ? *hoisted : request, claim, scope, payload.hash);
  const bool matches = expected.matches(key);
  std::optional<Principal> anybody = credentials_.anybody();
  if (!credential && !anybody)
    return base::fail(failure(FailureKind::unknown_key, family, "", {{"AWSAccessKeyId", claim.access_key_id}}));
  if (credential) {
    if (!anybody || !credential->session_token.empty()) TRY(check_token(claim, *credential, family, token_now));
    if (!matches) return base::fail(expected.mismatch(family));
  }

  AwaitedBody out;
  out.signed_hash_ = std::move(payload.hash);
  Authenticated& authenticated = out.sender_;
  authenticated.principal_ = std::move(credential ? credential->principal : *anybody);
  authenticated.is_verified_ = credential.has_value();
  authenticated.access_key_id_ = std::move(claim.access_key_id);
  authenticated.region_ = std::move(claim.region);
  authenticated.amz_date_ = std::move(claim.amz_date);
  authenticated.scope_ = std::move(scope);
  authenticated.seed_signature_ = std::move(claim.signature);
  authenticated.payload_mode_ = payload.mode;
  authenticated.signing_key_ = key;
  return out;
}

// The body is not covered; what would say how to read it is not taken.
Result<Authenticated> Verifier::verify_presigned_v2(const http::Request& request, Timestamp now, Timestamp token_now) {
  constexpr ErrorFamily kFamily = ErrorFamily::s3;
  TRY_ASSIGN(V2Claim claim, read_v2_claim(request));
  if (request.headers.get("X-Amz-Content-SHA256").starts_with("STREAMING-"))
    return base::fail(failure(FailureKind::unsupported, kFamily));
  int64_t end_seconds = 0;
  const auto [stop, error] =
      std::from_chars(claim.expires.data(), claim.expires.data() + claim.expires.size(), end_seconds);
  if (error != std::errc() || stop != claim.expires.data() + claim.expires.size() || end_seconds < 0)
    return base::fail(failure(FailureKind::incomplete_query_v2, kFamily,
                              "Invalid date (should be seconds since epoch): " + claim.expires));
  if (base::to_epoch_seconds(now) > end_seconds) {
    const Timestamp end{std::chrono::seconds(end_seconds)};
    return base::fail(
        failure(FailureKind::presigned_expired, kFamily, "",
                {{"Expires", base::format_iso8601_seconds(end)}, {"ServerTime", base::format_iso8601_seconds(now)}}));
  }
  const std::optional<Credential> credential = credentials_.find(claim.access_key_id);
  const std::string to_sign = string_to_sign_v2(request, claim);
  const bool matches = base::constant_time_equal(
      signature_v2(credential ? std::string_view(credential->secret_access_key) : kDummySecret, to_sign),
      claim.signature);
  const std::optional<Principal> anybody = credentials_.anybody();
  if (!credential && !anybody)
    return base::fail(failure(FailureKind::unknown_key, kFamily, "", {{"AWSAccessKeyId", claim.access_key_id}}));
  if (credential && (!anybody || !credential->session_token.empty()))
    TRY(check_token(claim, *credential, kFamily, token_now));
  if (credential && !matches) {
    return base::fail(failure(FailureKind::signature_mismatch, kFamily, "",
                              {{"AWSAccessKeyId", claim.access_key_id},
                               {"StringToSign", to_sign},
                               {"SignatureProvided", claim.signature},
                               {"StringToSignBytes", spaced_hex(to_sign)}}));
  }
  Authenticated authenticated;
  authenticated.principal_ = credential ? credential->principal : *anybody;
  authenticated.is_verified_ = credential.has_value();
  authenticated.access_key_id_ = std::move(claim.access_key_id);
  authenticated.payload_mode_ = PayloadMode::unsigned_body;
  return authenticated;
}

}  // namespace aws::auth
