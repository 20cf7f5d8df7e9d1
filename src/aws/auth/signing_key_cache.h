// SigningKeyCache: signing keys, which cost four HMACs to derive and stay the same for a day. The Verifier and each
// client own one. A fixed number of slots, each holding the last key that fell on it, so it never grows. Safe from any
// thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/sigv4.h"

namespace aws::auth {

class SigningKeyCache {
 public:
  explicit SigningKeyCache(std::size_t slots = 256);
  // The signing key, derived on a miss. A key cached for another secret of the same access key id (after a rotation)
  // is a miss.
  SigningKey get(std::string_view access_key_id, std::string_view secret_access_key, std::string_view date,
                 std::string_view region, std::string_view service);
  // Drops what is held for an access key, for when it is disabled or deleted.
  void forget(std::string_view access_key_id);

 private:
  struct Slot {
    std::string access_key_id, secret_access_key, date, region, service;
    SigningKey key{};
  };
  std::mutex mutex_;
  std::vector<Slot> slots_;
};

}  // namespace aws::auth
