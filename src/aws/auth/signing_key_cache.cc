#include "aws/auth/signing_key_cache.h"

#include <functional>

#include "base/check.h"
#include "base/encoding.h"

namespace aws::auth {

SigningKeyCache::SigningKeyCache(std::size_t slots) : slots_(slots) {
  CHECK(slots > 0, "a cache without slots holds nothing");
}

SigningKey SigningKeyCache::get(std::string_view access_key_id, std::string_view secret_access_key,
                                std::string_view date, std::string_view region, std::string_view service) {
  std::size_t hash = 0;
  for (const std::string_view part : {access_key_id, date, region, service})
    hash = hash * 31 + std::hash<std::string_view>()(part);
  Slot& slot = slots_[hash % slots_.size()];
  {
    const std::lock_guard lock(mutex_);
    if (slot.access_key_id == access_key_id && slot.date == date && slot.region == region && slot.service == service &&
        base::constant_time_equal(slot.secret_access_key, secret_access_key) && !slot.date.empty())
      return slot.key;
  }
  const SigningKey key = derive_signing_key(secret_access_key, date, region, service);
  const std::lock_guard lock(mutex_);
  slot = {std::string(access_key_id), std::string(secret_access_key), std::string(date),
          std::string(region),        std::string(service),           key};
  return key;
}

void SigningKeyCache::forget(std::string_view access_key_id) {
  const std::lock_guard lock(mutex_);
  for (Slot& slot : slots_)
    if (slot.access_key_id == access_key_id) slot = Slot();
}

}  // namespace aws::auth
