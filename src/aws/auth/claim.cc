#include "aws/auth/claim.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "aws/auth/sigv4.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

constexpr int kExpiresSecondsMax = 604'800;  // one week
constexpr std::size_t kAccessKeyIdBytesMax = 128;

std::string quoted(std::string_view text) {
  return '\'' + std::string(text) + '\'';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The parameters of a query that bear on authentication. A name that comes twice is an error, so that no two readers
// can differ about which one counts.
struct AuthParameters {
  std::optional<std::string> algorithm, credential, date, expires, signed_headers, signature, security_token;
  std::optional<std::string> content_sha256;
  bool v2 = false;
  bool malformed = false;
  [[nodiscard]] bool any() const { return algorithm || credential || signature; }
};

std::optional<std::string>* slot_of(AuthParameters& out, std::string_view name) {
  if (name == "X-Amz-Algorithm") return &out.algorithm;
  if (name == "X-Amz-Credential") return &out.credential;
  if (name == "X-Amz-Date") return &out.date;
  if (name == "X-Amz-Expires") return &out.expires;
  if (name == "X-Amz-SignedHeaders") return &out.signed_headers;
  if (name == "X-Amz-Signature") return &out.signature;
  if (name == "X-Amz-Security-Token") return &out.security_token;
  if (name == "X-Amz-Content-Sha256" || name == "X-Amz-Content-SHA256") return &out.content_sha256;
  return nullptr;
}

AuthParameters read_parameters(std::string_view query) {
  AuthParameters out;
  bool v2_key = false, v2_signature = false;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const std::string_view raw_name = part.substr(0, part.find('='));
    const auto name = base::percent_decode(raw_name);
    if (!name) continue;
    v2_key = v2_key || *name == "AWSAccessKeyId";
    v2_signature = v2_signature || *name == "Signature";
    std::optional<std::string>* slot = slot_of(out, *name);
    if (slot == nullptr) continue;
    auto value = base::percent_decode(part.size() > raw_name.size() ? part.substr(raw_name.size() + 1) : "");
    // A parameter with an escaped name would not be the one that the canonical query leaves out.
    if (!value || slot->has_value() || *name != raw_name) out.malformed = true;
    *slot = value.value_or(std::string());
  }
  out.v2 = v2_key && v2_signature;
  return out;
}

// Reads what header and query have in common, and words the errors for whichever it is.
class Reader {
 public:
  Reader(Claim& claim, ErrorFamily family) : claim_(claim), family_(family) {}

  // "AKID/20240102/us-east-1/sqs/aws4_request"
  base::Result<void> credential(std::string_view text) {
    std::array<std::string_view, 5> parts;
    std::string_view rest = text;
    for (std::string_view& part : parts) {
      part = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    const auto slashes = std::count(text.begin(), text.end(), '/');
    if (slashes != 4 || parts[0].empty() || parts[0].size() > kAccessKeyIdBytesMax)
      return incomplete(
          "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got " +
              quoted(text),
          "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
    if (parts[4] != kScopeTerminator)
      return scope("Credential should be scoped with a valid terminator: 'aws4_request', not " + quoted(parts[4]) + ".",
                   "incorrect terminal \"" + std::string(parts[4]) + "\". This endpoint uses \"aws4_request\".");
    if (parts[2].empty())
      return scope("Credential should be scoped to a valid region, not ''.", "a non-empty region must be provided.");
    claim_.access_key_id = parts[0];
    claim_.date = parts[1];
    claim_.region = parts[2];
    claim_.service = parts[3];
    return {};
  }

  base::Result<void> signature(std::string text) {
    const bool hex = text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex) return base::fail(failure(FailureKind::signature_mismatch, family_));
    claim_.signature = std::move(text);
    return {};
  }

  base::Result<void> signed_headers(std::string text) {
    std::string_view previous;
    bool host = false;
    for (std::string_view rest = text;;) {
      const std::size_t end = rest.find(';');
      const std::string_view name = rest.substr(0, end);
      const bool lower =
          std::none_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c <= ' '; });
      if (name.empty() || !lower || name <= previous)
        return incomplete("SignedHeaders must be lower case, sorted and without duplicates, got " + quoted(text),
                          "the SignedHeaders are mal-formed; expecting lower case names in ascending order.");
      host = host || name == "host";
      previous = name;
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    if (!host) {
      return base::fail(failure(
          FailureKind::headers_not_signed, family_,
          family_ == ErrorFamily::s3 ? "" : "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
          {{"HeadersNotSigned", "host"}}));
    }
    claim_.signed_headers = std::move(text);
    return {};
  }

  // X-Amz-Date, and that it is of the scope's day.
  base::Result<void> date(std::string text) {
    const auto time = base::parse_amz_date(text);
    if (!time)
      return incomplete("Date must be in ISO-8601 'basic format'. Got " + quoted(text) +
                            ". See http://en.wikipedia.org/wiki/ISO_8601",
                        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    if (!text.starts_with(claim_.date) || claim_.date.size() != 8)
      return scope("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
                       quoted(claim_.date) + " != " + quoted(text.substr(0, 8)) + ", from " + quoted(text) + ".",
                   "Invalid credential date \"" + claim_.date + "\". This date is not the same as X-Amz-Date: \"" +
                       text.substr(0, 8) + "\".");
    claim_.amz_date = std::move(text);
    claim_.time = *time;
    return {};
  }

  base::Result<void> expires(std::string_view text) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument)
      return query_error("X-Amz-Expires should be a number");
    if (text.starts_with('-')) return query_error("X-Amz-Expires must be non-negative");
    if (error != std::errc() || seconds > kExpiresSecondsMax)
      return query_error(
          "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
          "604800 seconds");
    if (seconds == 0) return query_error("X-Amz-Expires must be at least 1 second");
    claim_.expires_seconds = seconds;
    return {};
  }

 private:
  [[nodiscard]] bool by_header() const { return claim_.carrier == Claim::Carrier::header; }
  base::Result<void> query_error(std::string text) const {
    return base::fail(failure(FailureKind::incomplete_query, family_, std::move(text)));
  }
  base::Result<void> incomplete(std::string text, std::string_view s3_text) const {
    if (family_ != ErrorFamily::s3)
      return base::fail(
          failure(by_header() ? FailureKind::incomplete : FailureKind::incomplete_query, family_, std::move(text)));
    return s3_error(by_header() ? FailureKind::incomplete : FailureKind::incomplete_query, s3_text);
  }
  base::Result<void> scope(std::string text, std::string_view s3_text) const {
    const FailureKind kind = by_header() ? FailureKind::wrong_scope : FailureKind::wrong_scope_query;
    if (family_ != ErrorFamily::s3) return base::fail(failure(kind, family_, std::move(text)));
    return s3_error(kind, s3_text);
  }
  [[nodiscard]] base::Result<void> s3_error(FailureKind kind, std::string_view text) const {
    const std::string_view prefix =
        by_header() ? "The authorization header is malformed; " : "Error parsing the X-Amz-Credential parameter; ";
    return base::fail(
        failure(kind, ErrorFamily::s3,
                text.starts_with("X-Amz-") ? std::string(text) : std::string(prefix) + std::string(text)));
  }

  Claim& claim_;
  ErrorFamily family_;
};

// When the request was signed, as "20240102T030405Z": X-Amz-Date, without it Date, which may be written as HTTP has it.
// Text that is no date is left as it is; empty: neither is there. nullopt: one of them is there twice.
std::optional<std::string> signing_date(const http::Headers& headers) {
  for (const std::string_view header : {"x-amz-date", "date"}) {
    std::optional<std::string> found;
    for (const auto& [name, field] : headers.fields()) {
      if (!http::equal_ignoring_case(name, header)) continue;
      if (found) return std::nullopt;
      found = trim(field);
    }
    if (!found) continue;
    const auto time = header == "date" ? base::parse_http_date(*found) : std::nullopt;
    return time ? base::format_amz_date(*time) : found;
  }
  return std::string();
}

base::Result<Claim> read_header(std::string_view value, const http::Headers& headers, ErrorFamily family) {
  Claim claim;
  claim.carrier = Claim::Carrier::header;
  const std::string_view algorithm = value.substr(0, value.find(' '));
  if (algorithm != kAlgorithm) return base::fail(failure(FailureKind::unsupported, family));
  std::optional<std::string_view> credential, signed_headers, signature;
  bool duplicate = false;
  for (std::string_view rest = value.substr(algorithm.size()); !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::string_view parameter = trim(part);
    const std::string_view name = parameter.substr(0, parameter.find('='));
    auto* slot = name == "Credential"      ? &credential
                 : name == "SignedHeaders" ? &signed_headers
                 : name == "Signature"     ? &signature
                                           : nullptr;
    if (slot == nullptr) continue;
    duplicate = duplicate || slot->has_value();
    *slot = parameter.substr(std::min(name.size() + 1, parameter.size()));
  }
  std::optional<std::string> date = signing_date(headers);
  if (duplicate || !date) return base::fail(failure(FailureKind::incomplete, family));
  std::string absent;
  if (!credential) absent += "Authorization header requires 'Credential' parameter. ";
  if (!signature) absent += "Authorization header requires 'Signature' parameter. ";
  if (!signed_headers) absent += "Authorization header requires 'SignedHeaders' parameter. ";
  if (date->empty()) absent += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!absent.empty()) {
    if (family == ErrorFamily::s3 && credential && signature && signed_headers)
      return base::fail(
          failure(FailureKind::missing, family, "AWS authentication requires a valid Date or x-amz-date header"));
    absent += "Authorization=" + std::string(algorithm);
    return base::fail(failure(FailureKind::incomplete, family, family == ErrorFamily::s3 ? "" : absent));
  }
  Reader reader(claim, family);
  TRY(reader.credential(*credential));
  TRY(reader.signed_headers(std::string(*signed_headers)));
  TRY(reader.date(std::move(*date)));
  TRY(reader.signature(std::string(*signature)));
  claim.security_token = headers.get("X-Amz-Security-Token");
  return claim;
}

base::Result<Claim> read_query(AuthParameters parameters, ErrorFamily family) {
  Claim claim;
  claim.carrier = Claim::Carrier::query;
  const bool s3 = family == ErrorFamily::s3;
  if (parameters.malformed) return base::fail(failure(FailureKind::incomplete_query, family));
  std::string absent;
  const auto require = [&](const std::optional<std::string>& value, std::string_view name) {
    if (!value) absent += "AWS query-string parameters must include '" + std::string(name) + "'. ";
  };
  require(parameters.algorithm, "X-Amz-Algorithm");
  require(parameters.credential, "X-Amz-Credential");
  require(parameters.signature, "X-Amz-Signature");
  require(parameters.signed_headers, "X-Amz-SignedHeaders");
  require(parameters.date, "X-Amz-Date");
  if (s3) require(parameters.expires, "X-Amz-Expires");
  if (!absent.empty()) {
    absent += "Re-examine the query-string parameters.";
    return base::fail(failure(FailureKind::incomplete_query, family, s3 ? "" : absent));
  }
  if (*parameters.algorithm != kAlgorithm)
    return base::fail(failure(s3 ? FailureKind::incomplete_query : FailureKind::unsupported, family,
                              s3 ? "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"" : ""));
  Reader reader(claim, family);
  TRY(reader.credential(*parameters.credential));
  TRY(reader.signed_headers(std::move(*parameters.signed_headers)));
  TRY(reader.date(std::move(*parameters.date)));
  if (parameters.expires) TRY(reader.expires(*parameters.expires));
  TRY(reader.signature(std::move(*parameters.signature)));
  claim.security_token = parameters.security_token.value_or(std::string());
  claim.content_sha256 = parameters.content_sha256.value_or(std::string());
  return claim;
}

}  // namespace

base::Result<Claim> read_claim(const http::Request& request, ErrorFamily family) {
  const std::string* authorization = nullptr;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!http::equal_ignoring_case(name, "authorization")) continue;
    if (authorization != nullptr) return base::fail(failure(FailureKind::incomplete, family));
    authorization = &value;
  }
  const std::string_view query = request.query();
  AuthParameters parameters = query.empty() ? AuthParameters() : read_parameters(query);
  if (authorization != nullptr) {
    if (parameters.any() || parameters.v2)
      return base::fail(failure(FailureKind::mixed, family, "", {{"ArgumentName", "Authorization"}}));
    return read_header(*authorization, request.headers, family);
  }
  if (parameters.any()) return read_query(std::move(parameters), family);
  if (parameters.v2) return base::fail(failure(FailureKind::unsupported, family));
  return base::fail(failure(FailureKind::missing, family));
}

}  // namespace aws::auth
