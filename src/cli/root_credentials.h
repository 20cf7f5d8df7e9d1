// RootCredentials: the key of the root user of an engine of ours, test/test unless the environment names another. A
// plain value.
#pragma once

#include <expected>
#include <string>

namespace cli {

struct RootCredentials {
  std::string access_key_id = "test";
  std::string secret_access_key = "test";

  // TILL_ROOT_ACCESS_KEY_ID and TILL_ROOT_SECRET_ACCESS_KEY. Fails, in words for people, if one of them is set without
  // the other, or cannot be a key.
  static std::expected<RootCredentials, std::string> from_environment();
  // What everybody knows.
  [[nodiscard]] bool is_default() const { return secret_access_key == "test"; }
};

}  // namespace cli
