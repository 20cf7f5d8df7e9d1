#include "aws/auth/sigv4.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "aws/auth/signing_key_cache.h"
#include "aws/auth/text.h"
#include "base/check.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

using Parameter = std::pair<std::string, std::string>;

// What proxies and HTTP libraries add or rewrite after signing (botocore/auth.py); never signed.
constexpr std::string_view kNeverSigned[] = {
    "authorization", "connection",        "expect",  "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
    "trailer",       "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// `lower` is in lower case already.
bool equals_lower(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() &&
         std::equal(name.begin(), name.end(), lower.begin(), [](char a, char b) { return to_lower(a) == b; });
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Appends a header's value without surrounding blanks and with each inner run of them as one space.
void append_folded(std::string& out, std::string_view value) {
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  // Nearly every value is as it should be.
  if (value.find('\t') == std::string_view::npos && value.find("  ") == std::string_view::npos) {
    out += value;
    return;
  }
  bool blank = false;
  for (const char c : value) {
    if (is_blank(c)) {
      blank = true;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
}

void append_canonical_header(std::string& out, const http::Headers& headers, std::string_view name) {
  out += name;
  out += ':';
  bool first = true;
  for (const auto& [field, value] : headers.fields()) {
    if (!equals_lower(field, name)) continue;
    if (!first) out += ',';
    first = false;
    append_folded(out, value);
  }
  out += '\n';
}

// RFC 3986 section 5.2.4, and repeated slashes are one (botocore/utils.py normalize_url_path).
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
    begin = end + 1;
  }
  std::string out;
  out.reserve(path.size());
  for (const std::string_view segment : kept) {
    out += '/';
    out += segment;
  }
  if (kept.empty() || path.ends_with('/')) out += '/';
  return out;
}

// Decoded and encoded again, or as it is if it has a broken escape.
std::string re_encode(std::string_view text, bool plus_is_space, bool keep_slash) {
  const auto decoded = base::percent_decode(text, plus_is_space);
  return decoded ? base::percent_encode(*decoded, keep_slash) : std::string(text);
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}
std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// The names that sign() covers, as the SignedHeaders list.
std::string signed_header_names(const http::Headers& headers) {
  // Sorted as they come, which for a dozen names is the cheapest way.
  std::vector<std::string> names;
  names.reserve(headers.fields().size());
  for (const auto& field : headers.fields()) {
    std::string name = lower_case(field.first);
    if (std::find(std::begin(kNeverSigned), std::end(kNeverSigned), name) != std::end(kNeverSigned)) continue;
    const auto place = std::lower_bound(names.begin(), names.end(), name);
    if (place == names.end() || *place != name) names.insert(place, std::move(name));
  }
  std::string out;
  out.reserve(256);
  for (const std::string& name : names) {
    if (!out.empty()) out += ';';
    out += name;
  }
  return out;
}

SigningKey signing_key(const SignParameters& parameters, std::string_view date) {
  const Credentials& credentials = parameters.credentials;
  if (parameters.keys == nullptr)
    return derive_signing_key(credentials.secret_access_key, date, parameters.region, parameters.service);
  return parameters.keys->get(credentials.access_key_id, credentials.secret_access_key, date, parameters.region,
                              parameters.service);
}

std::string body_hash(const http::Request& request) {
  return request.body.empty() ? std::string(kEmptyBodyHash) : base::hex_encode(base::sha256(request.body));
}

}  // namespace

std::string canonical_path(std::string_view path, std::string_view service, TargetForm form) {
  if (path.empty()) return "/";
  const std::string once = form == TargetForm::re_encoded ? re_encode(path, false, true) : std::string(path);
  if (service == "s3") return once;
  return once == "/" ? once : base::percent_encode(remove_dot_segments(once), true);
}

std::string canonical_query(std::string_view query, TargetForm form) {
  if (query.empty()) return {};
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    std::string_view name = part.substr(0, part.find('='));
    std::string_view value = part.size() > name.size() ? part.substr(name.size() + 1) : std::string_view();
    if (name == "X-Amz-Signature") continue;
    if (form == TargetForm::as_received) {
      parameters.emplace_back(name, value);
    } else {
      parameters.emplace_back(re_encode(name, true, false), re_encode(value, true, false));
    }
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

std::string canonical_request(const http::Request& request, std::string_view service, std::string_view signed_headers,
                              std::string_view payload_hash, TargetForm form) {
  std::string out;
  out.reserve(1024);
  out += request.method;
  out += '\n';
  out += canonical_path(path_of(request.target), service, form);
  out += '\n';
  out += canonical_query(query_of(request.target), form);
  out += '\n';
  for (std::string_view rest = signed_headers; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(';'));
    append_canonical_header(out, request.headers, name);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  out += '\n';
  out += signed_headers;
  out += '\n';
  out += payload_hash;
  return out;
}

std::string credential_scope(std::string_view date, std::string_view region, std::string_view service) {
  std::string out;
  out.reserve(date.size() + region.size() + service.size() + kScopeTerminator.size() + 3);
  out += date;
  for (const std::string_view part : {region, service, kScopeTerminator}) {
    out += '/';
    out += part;
  }
  return out;
}

std::string string_to_sign(std::string_view amz_date, std::string_view scope, std::string_view canonical_request) {
  std::string out;
  out.reserve(kAlgorithm.size() + amz_date.size() + scope.size() + 67);
  out += kAlgorithm;
  out += '\n';
  out += amz_date;
  out += '\n';
  out += scope;
  out += '\n';
  out += base::hex_encode(base::sha256(canonical_request));
  return out;
}

SigningKey derive_signing_key(std::string_view secret_access_key, std::string_view date, std::string_view region,
                              std::string_view service) {
  std::string key = "AWS4";
  key += secret_access_key;
  for (const std::string_view part : {date, region, service, kScopeTerminator}) key = base::hmac_sha256(key, part);
  SigningKey out{};
  std::copy(key.begin(), key.end(), out.begin());
  return out;
}

std::string signature(const SigningKey& key, std::string_view string_to_sign) {
  return base::hex_encode(base::hmac_sha256({key.data(), key.size()}, string_to_sign));
}

void sign(http::Request& request, const SignParameters& parameters) {
  CHECK(request.headers.contains("Host"), "the Host header is part of every signature");
  const bool is_s3 = parameters.service == "s3";
  CHECK(is_s3 || parameters.payload == SignedPayload::hashed, "only S3 takes unsigned bodies");
  const std::string amz_date = base::format_amz_date(parameters.now);
  request.headers.erase("Authorization");
  request.headers.set("X-Amz-Date", amz_date);
  if (parameters.credentials.session_token.empty()) {
    request.headers.erase("X-Amz-Security-Token");
  } else {
    request.headers.set("X-Amz-Security-Token", parameters.credentials.session_token);
  }
  std::string payload_hash =
      parameters.payload == SignedPayload::unsigned_body ? std::string(kUnsignedPayload) : body_hash(request);
  if (is_s3) {
    if (const auto given = request.headers.find("X-Amz-Content-SHA256"); given && given->starts_with("STREAMING-")) {
      payload_hash = *given;
    } else {
      request.headers.set("X-Amz-Content-SHA256", payload_hash);
    }
  }
  const std::string names = signed_header_names(request.headers);
  const std::string_view date = std::string_view(amz_date).substr(0, 8);
  const std::string scope = credential_scope(date, parameters.region, parameters.service);
  const std::string canonical =
      canonical_request(request, parameters.service, names, payload_hash, TargetForm::as_received);
  const SigningKey key = signing_key(parameters, date);
  std::string value(kAlgorithm);
  value += " Credential=" + parameters.credentials.access_key_id + '/' + scope;
  value += ", SignedHeaders=" + names;
  value += ", Signature=" + signature(key, string_to_sign(amz_date, scope, canonical));
  request.headers.add("Authorization", std::move(value));
}

std::string presign_url(std::string_view origin, http::Request request, const SignParameters& parameters,
                        int expires_seconds) {
  CHECK(request.headers.contains("Host"), "the Host header is part of every signature");
  CHECK(expires_seconds >= 1 && expires_seconds <= 604'800, "a presigned URL lives for 1 second to 7 days");
  const std::string amz_date = base::format_amz_date(parameters.now);
  const std::string_view date = std::string_view(amz_date).substr(0, 8);
  const std::string scope = credential_scope(date, parameters.region, parameters.service);
  const std::string names = signed_header_names(request.headers);
  std::string& target = request.target;
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += "X-Amz-Algorithm=";
  target += kAlgorithm;
  target += "&X-Amz-Credential=" + base::percent_encode(parameters.credentials.access_key_id + '/' + scope);
  target += "&X-Amz-Date=" + amz_date;
  target += "&X-Amz-Expires=" + std::to_string(expires_seconds);
  target += "&X-Amz-SignedHeaders=" + base::percent_encode(names);
  if (!parameters.credentials.session_token.empty())
    target += "&X-Amz-Security-Token=" + base::percent_encode(parameters.credentials.session_token);
  const std::string payload_hash = parameters.service == "s3" ? std::string(kUnsignedPayload) : body_hash(request);
  const std::string canonical =
      canonical_request(request, parameters.service, names, payload_hash, TargetForm::as_received);
  const SigningKey key =
      derive_signing_key(parameters.credentials.secret_access_key, date, parameters.region, parameters.service);
  target += "&X-Amz-Signature=" + signature(key, string_to_sign(amz_date, scope, canonical));
  return std::string(origin) + target;
}

}  // namespace aws::auth
