#include "pipeline/intake_settings.h"

#include <charconv>
#include <vector>

#include "aws/auth/text.h"
#include "base/encoding.h"

namespace pipeline {
namespace {

struct Timestamped {
  std::string_view time;
  std::vector<std::string_view> signatures;
};

// "t=1492774577,v1=5257a8...,v0=..."; other schemes than v1 are passed over.
Timestamped split(std::string_view header) {
  Timestamped out;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(','), header.size());
    std::string_view part = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.starts_with("t=")) out.time = part.substr(2);
    if (part.starts_with("v1=")) out.signatures.push_back(part.substr(3));
  }
  return out;
}

bool is_recent(std::string_view seconds, base::Timestamp now, base::Duration tolerance) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
  constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
  if (error != std::errc() || end != seconds.data() + seconds.size() || value < 0 || value > kSecondsMax) return false;
  const base::Duration age = now - base::Timestamp(std::chrono::seconds(value));
  return age <= tolerance && -age <= tolerance;
}

}  // namespace

bool is_signed(const IntakeSettings& settings, std::string_view secret, std::string_view signature,
               std::string_view body, base::Timestamp now) {
  if (settings.verify == IntakeSettings::Verify::nobody) return true;
  if (secret.empty()) return false;
  if (settings.verify == IntakeSettings::Verify::hmac) {
    const std::string wanted = base::hmac_sha256(secret, body);
    if (settings.is_base64) return base::constant_time_equal(base::base64_encode(wanted), signature);
    return base::constant_time_equal(base::hex_encode(wanted), aws::auth::lower_case(signature));
  }
  const Timestamped given = split(signature);
  std::string message(given.time);
  const std::string wanted = base::hex_encode(base::hmac_sha256(secret, message.append(".").append(body)));
  bool known = false;
  for (const std::string_view one : given.signatures) known = base::constant_time_equal(wanted, one) || known;
  return known && is_recent(given.time, now, settings.tolerance);
}

}  // namespace pipeline
