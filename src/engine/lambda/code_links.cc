#include "engine/lambda/code_links.h"

#include <array>
#include <charconv>

#include "base/encoding.h"

namespace engine::lambda {
namespace {

constexpr std::string_view kPrefix = "/_till/code/";  // then code id, bytes, expiry in milliseconds, seal

}  // namespace

std::string CodeLinks::seal_of(std::string_view text) const {
  return base::hex_encode(base::hmac_sha256(secret_, text));
}

bool CodeLinks::is_link(std::string_view path) {
  return path.starts_with(kPrefix);
}

std::string CodeLinks::path_of(const Package& package, base::Timestamp expires) const {
  std::string path(kPrefix);
  path.append(std::to_string(package.code_id)).append("/").append(std::to_string(package.bytes)).append("/");
  path += std::to_string(base::to_epoch_milliseconds(expires));
  const std::string seal = seal_of(path);
  return path.append("/").append(seal);
}

std::optional<CodeLinks::Package> CodeLinks::read(std::string_view path, base::Timestamp now) const {
  const std::size_t end = path.rfind('/');
  if (!is_link(path) || end < kPrefix.size()) return std::nullopt;
  if (!base::constant_time_equal(path.substr(end + 1), seal_of(path.substr(0, end)))) return std::nullopt;
  std::array<uint64_t, 3> numbers{};  // what is sealed reads
  const char* at = path.data() + kPrefix.size();
  for (uint64_t& number : numbers) at = std::from_chars(at, path.data() + end, number).ptr + 1;
  if (static_cast<int64_t>(numbers[2]) < base::to_epoch_milliseconds(now)) return std::nullopt;
  return Package{numbers[0], numbers[1]};
}

}  // namespace engine::lambda
