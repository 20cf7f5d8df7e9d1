#include "cli/foreign_keys.h"

#include <fmt/format.h>

#include <cstdio>

namespace cli {
namespace {

constexpr std::size_t kShownBytesMax = 128;

// What came over the network, for a terminal.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShownBytesMax));
  for (char& c : out) {
    if (c <= 0x20 || c >= 0x7f) c = '?';
  }
  return out;
}

}  // namespace

ForeignKeys::ForeignKeys(aws::auth::CredentialSource& known, RootCredentials root, bool any, bool may_be_any)
    : known_(known), root_(std::move(root)), any_(any), may_be_any_(may_be_any) {}

std::optional<aws::auth::Credential> ForeignKeys::find(std::string_view access_key_id) {
  auto found = known_.find(access_key_id);
  if (!found && !any_) give_hint(access_key_id);
  return found;
}

std::optional<aws::Principal> ForeignKeys::anybody() {
  if (!any_) return std::nullopt;
  const auto root = known_.find(root_.access_key_id);
  return root ? std::optional(root->principal) : std::nullopt;
}

void ForeignKeys::give_hint(std::string_view access_key_id) {
  if (hint_given_.exchange(true)) return;
  const std::string own =
      root_.is_default() ? "clients use AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
                         : fmt::format("clients use {} and its secret, of this engine's start", root_.access_key_id);
  std::fputs(
      fmt::format("till: hint: somebody comes with the access key id {}, which is unknown here and refused; {}{}\n",
                  shown(access_key_id), own,
                  may_be_any_ ? ", or start `till serve --any-key`, which takes any key for root's" : "")
          .c_str(),
      stderr);
}

}  // namespace cli
