#include "cli/root_credentials.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/encoding.h"
#include "os/data_directory.h"
#include "os/environment.h"

namespace cli {
namespace {

constexpr const char* kIdVariable = "TILL_ROOT_ACCESS_KEY_ID";
constexpr const char* kSecretVariable = "TILL_ROOT_SECRET_ACCESS_KEY";
constexpr std::uintmax_t kFileBytesMax = 65'536;
constexpr std::size_t kIdBytesMax = 128;  // IAM API reference, AccessKey

// AWS's pattern is [\w]+.
bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Those are the roots of other accounts.
bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::expected<RootCredentials, std::string> RootCredentials::from_environment() {
  const std::string id = os::environment(kIdVariable).value_or("");
  const std::string secret = os::environment(kSecretVariable).value_or("");
  if (id.empty() && secret.empty()) return RootCredentials();
  if (id.empty() || secret.empty())
    return std::unexpected(std::string(id.empty() ? kSecretVariable : kIdVariable) + " is set, but " +
                           (id.empty() ? kIdVariable : kSecretVariable) + " is not");
  if (!is_key_id(id) || is_account(id))
    return std::unexpected(std::string(kIdVariable) +
                           " is not 1 to 128 letters, digits and _, or it is a number of 12 digits, an account's");
  if (has_control(secret)) return std::unexpected(std::string(kSecretVariable) + " has control characters in it");
  return RootCredentials{id, secret};
}

bool RootCredentials::others_may_read(const std::string& path) {
  constexpr auto kOthers = std::filesystem::perms::group_read | std::filesystem::perms::others_read;
  std::error_code error;
  const auto mode = std::filesystem::status(path, error).permissions();
  return !error && (mode & kOthers) != std::filesystem::perms::none;
}

std::expected<RootCredentials, std::string> RootCredentials::of_file(const std::string& path, base::Random& random) {
  constexpr std::string_view kId = "AWS_ACCESS_KEY_ID=";
  constexpr std::string_view kSecret = "AWS_SECRET_ACCESS_KEY=";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    // As AWS's keys look: 20 capitals and digits, and 40 letters and digits (of which no shell has to quote any).
    const std::string capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    RootCredentials made{"AKIA" + base::random_string(random, 16, capitals), base::random_string(random, 40, letters)};
    const auto written = os::make_secret_file(
        path, std::string(kId) + made.access_key_id + "\n" + std::string(kSecret) + made.secret_access_key + "\n");
    if (!written.has_value()) return std::unexpected("--root-key: " + written.error());
    return made;
  }
  RootCredentials read{"", ""};
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > kFileBytesMax)
    return std::unexpected("--root-key: " + path + " is no file with a key");
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    const std::string_view line = base::without_byte_order_mark(text);
    if (line.starts_with(kId)) read.access_key_id = line.substr(kId.size());
    if (line.starts_with(kSecret)) read.secret_access_key = line.substr(kSecret.size());
  }
  if (!is_key_id(read.access_key_id) || is_account(read.access_key_id) || read.secret_access_key.empty() ||
      has_control(read.secret_access_key))
    return std::unexpected("--root-key: " + path + " has no two lines " + std::string(kId) + "… and " +
                           std::string(kSecret) + "… with a key");
  return read;
}

}  // namespace cli
