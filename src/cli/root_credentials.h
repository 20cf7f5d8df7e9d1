// RootCredentials: the key of the root user of an engine of ours, test/test unless the environment names another. A
// plain value.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "base/env.h"

namespace cli {

struct RootCredentials {
  std::string access_key_id = "test";
  std::string secret_access_key = "test";

  // TILL_ROOT_ACCESS_KEY_ID and TILL_ROOT_SECRET_ACCESS_KEY. Fails, in words for people, if one of them is set without
  // the other, or cannot be a key.
  static std::expected<RootCredentials, std::string> from_environment();
  // The key in `path`, whose lines AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=… a shell, `docker --env-file` and
  // systemd can read, too. If there is no such file, it is made, with a key that nobody else has, readable by its owner
  // alone. Fails, in words for people that tell no secret, if it cannot be made or has no key in it.
  static std::expected<RootCredentials, std::string> of_file(const std::string& path, base::Random& random);
  // Whether others than the owner may read it, as far as the file's mode says.
  static bool others_may_read(const std::string& path);
  // What everybody knows.
  [[nodiscard]] bool is_default() const { return secret_access_key == "test"; }
  // Short enough to be found by trying. Nobody counts who tries.
  [[nodiscard]] bool is_short() const { return secret_access_key.size() < kSecretLengthMin; }
  static constexpr std::size_t kSecretLengthMin = 16;
};

}  // namespace cli
