#include "server/request_record.h"

#include <algorithm>

#include "aws/auth/failure.h"
#include "aws/http/shown_url.h"

namespace server {
namespace {

constexpr std::size_t kTextBytesMax = 300;
// An access key id of AWS has 20 characters, a secret 40.
constexpr std::size_t kKeyIdBytesMin = 4;
constexpr std::size_t kKeyIdBytesMax = 32;

constexpr std::string_view kThrottles[] = {"ThrottlingException",
                                           "Throttling",
                                           "ProvisionedThroughputExceededException",
                                           "TooManyRequestsException",
                                           "RequestThrottled",
                                           "ThrottledException",
                                           "SlowDown",
                                           "OverLimit"};

bool is_throttle(std::string_view code) {
  return std::ranges::find(kThrottles, code) != std::end(kThrottles);
}

bool is_denial(std::string_view code) {
  return code == "AccessDenied" || code == "AccessDeniedException" || code == "AuthorizationErrorException" ||
         code == "AuthorizationError";
}

// What stands behind `name` in `text` up to an end of a key id.
std::string_view behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of("/%&:, "));
}

bool may_be_key_id(std::string_view text) {
  return text.size() >= kKeyIdBytesMin && text.size() <= kKeyIdBytesMax && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

// Replaces what stands between `begin` and `end`, each time.
void blot_out(std::string& text, std::string_view begin, std::string_view end) {
  for (std::size_t from = 0; (from = text.find(begin, from)) != std::string::npos;) {
    from += begin.size();
    const std::size_t to = std::min(text.find(end, from), text.size());
    text.replace(from, to - from, "***");
    from += 3;
  }
}

}  // namespace

std::string_view name_of(Step step) {
  constexpr std::string_view kNames[kSteps] = {"worker", "authenticate", "decode", "operation",
                                               "parked", "encode",       "disk"};
  return kNames[static_cast<std::size_t>(step)];
}

std::string_view name_of(Refusal refusal) {
  constexpr std::string_view kNames[kRefusals] = {"", "signature", "policy", "throttled", "no_room", "route"};
  return kNames[static_cast<std::size_t>(refusal)];
}

base::Duration RequestRecord::duration() const {
  base::Duration out{};
  for (const base::Duration step : steps) out += step;
  return out;
}

base::Duration RequestRecord::busy() const {
  return duration() - steps[static_cast<std::size_t>(Step::parked)];
}

Step RequestRecord::longest_step() const {
  std::size_t longest = 0;
  for (std::size_t i = 1; i < kSteps; ++i)
    if (i != static_cast<std::size_t>(Step::parked) && steps[i] > steps[longest]) longest = i;
  return static_cast<Step>(longest);
}

void RequestRecord::fail(const base::AwsError& error) {
  code = error.code;
  // AWS's words for a signature may quote it, or the header that it stands in; these do not.
  if (const auto* refused = aws::auth::signature_refusal(error)) {
    refusal = Refusal::signature;
    refusal_kind = aws::auth::name_of(refused->kind);
    message = aws::auth::text_of(refused->kind);
    reason = refused->difference.empty() ? message : message + ": " + without_secrets(refused->difference);
    return;
  }
  message = without_secrets(error.message);
  if (refusal != Refusal::none) return;  // whoever refused has said why
  if (is_throttle(error.code)) {
    refusal = Refusal::throttled;
  } else if (error.code == "InsufficientStorage") {
    refusal = Refusal::no_room;
  } else if (is_denial(error.code)) {
    refusal = Refusal::policy;
    refusal_kind = "service";
  } else {
    return;
  }
  reason = message;
}

std::string claimed_key_id(const aws::http::Request& request) {
  const std::string_view header = request.headers.get("Authorization");
  std::string_view id = behind(header, "Credential=");
  if (id.empty() && header.starts_with("AWS ")) id = behind(header, "AWS ");
  if (id.empty()) id = behind(request.query(), "X-Amz-Credential=");
  if (id.empty()) id = behind(request.query(), "AWSAccessKeyId=");
  return may_be_key_id(id) ? std::string(id) : "";
}

std::string without_secrets(std::string_view text) {
  std::string out(text.substr(0, 16 * kTextBytesMax));
  blot_out(out, "Value '", "' at '");
  for (std::size_t at = 0; (at = out.find("://", at)) != std::string::npos; ++at) {
    const std::size_t begin = out.find_last_of(" \"'(<", at) + 1;  // npos + 1 is 0
    const std::size_t end = std::min(out.find_first_of(" \"'<>", at), out.size());
    const std::string shown = aws::http::without_user(std::string_view(out).substr(begin, end - begin));
    out.replace(begin, end - begin, shown);
  }
  if (out.size() > kTextBytesMax) out.replace(kTextBytesMax, std::string::npos, "...");
  return out;
}

}  // namespace server
