// Every key that STS keeps in the store.
#pragma once

#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::sts::keys {

constexpr std::string_view kCredentialTable = "sts/credential";  // access key id -> a temporary credential

inline std::string credential(std::string_view access_key_id) {
  return store::KeyWriter(kCredentialTable).text(access_key_id).take();
}

}  // namespace engine::sts::keys
