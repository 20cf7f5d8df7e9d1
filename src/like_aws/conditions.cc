#include "like_aws/conditions.h"

#include <algorithm>

namespace like_aws {
namespace {

// SplitMix64's finalizer (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Not std::hash, whose values may change with the library: a seed has to mean the same everywhere.
uint64_t mix(uint64_t state, std::string_view text) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return mix(state ^ text.size());
}

std::string key_of(std::string_view kind, const std::string& name) {
  std::string out(kind);
  return out.append(1, '\0').append(name);
}

}  // namespace

uint64_t Chance::draw(const Call& call, std::string_view what) const {
  uint64_t state = mix(seed_);
  for (const std::string_view part : {call.service.id, call.operation.name, std::string_view(call.caller), what})
    state = mix(state, part);
  return mix(state ^ call.count);
}

bool Chance::happens(const Call& call, std::string_view what, double rate) const {
  return static_cast<double>(draw(call, what) >> 11) * 0x1p-53 < rate;
}

uint64_t Chance::below(const Call& call, std::string_view what, uint64_t bound) const {
  return draw(call, what) % bound;  // bounds are small, so the bias is nothing
}

base::Duration Chance::between(const Call& call, std::string_view what, base::Duration min, base::Duration max) const {
  return min + base::Duration(static_cast<int64_t>(below(call, what, static_cast<uint64_t>((max - min).count()) + 1)));
}

void Delays::begin(std::string_view kind, const std::string& name, base::Timestamp now, base::Timestamp until) {
  const std::lock_guard lock(mutex_);
  auto& end = ends_[key_of(kind, name)];
  end = std::max(end, until);
  if (ends_.size() < sweep_at_) return;
  std::erase_if(ends_, [now](const auto& entry) { return entry.second <= now; });
  sweep_at_ = ends_.size() * 2 + 1024;
}

void Delays::end(std::string_view kind, const std::string& name) {
  const std::lock_guard lock(mutex_);
  ends_.erase(key_of(kind, name));
}

std::optional<base::Timestamp> Delays::until(std::string_view kind, const std::string& name, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(key_of(kind, name));
  if (found == ends_.end() || found->second <= now) return std::nullopt;
  return found->second;
}

void Conditions::tell(const Call& call, std::string_view kind, std::string detail) const {
  tell({.service = call.service.id,
        .operation = call.operation.name,
        .kind = kind,
        .detail = std::move(detail),
        .caller = call.caller,
        .count = call.count,
        .account = call.context.account,
        .region = call.context.region,
        .at = call.context.now});
}

std::unexpected<base::AwsError> Conditions::refuse(const Call& call, std::string_view kind,
                                                   base::AwsError error) const {
  tell(call, kind, error.code + ": " + error.message);
  return base::fail(std::move(error));
}

void Conditions::delay(const Call& call, std::string_view kind, const std::string& name, base::Duration min,
                       base::Duration max) {
  delays.begin(kind, name, call.context.now, call.context.now + chance.between(call, kind, min, max));
}

}  // namespace like_aws
