// CodeLinks: addresses under which deployment packages can be downloaded without a signature for a while, as those
// that GetFunction answers with. They end with the process that made them. Owned by the service; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"

namespace engine::lambda {

class CodeLinks {
 public:
  struct Package {
    uint64_t code_id = 0;
    uint64_t bytes = 0;
  };

  explicit CodeLinks(base::Random& random) : secret_(base::random_string(random, 32, "0123456789abcdef")) {}

  // The path, beginning with "/".
  [[nodiscard]] std::string path_of(const Package& package, base::Timestamp expires) const;
  [[nodiscard]] static bool is_link(std::string_view path);
  // nullopt: nobody made this link, or it has expired.
  [[nodiscard]] std::optional<Package> read(std::string_view path, base::Timestamp now) const;

 private:
  [[nodiscard]] std::string seal_of(std::string_view text) const;

  const std::string secret_;
};

}  // namespace engine::lambda
