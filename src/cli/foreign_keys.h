// ForeignKeys: the engine's credentials as its port sees them. Users of other engines come with keys of their own
// choice; by default those get AWS's error, and this tells once on stderr what would help. With `any` each stands for
// root, unverified. Owned by the engine's composition root; safe from any thread.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/verify.h"
#include "cli/root_credentials.h"

namespace cli {

class ForeignKeys final : public aws::auth::CredentialSource {
 public:
  // `known` outlives this object. `may_be_any`: the engine might have been started so that any key is taken.
  ForeignKeys(aws::auth::CredentialSource& known, RootCredentials root, bool any, bool may_be_any);

  std::optional<aws::auth::Credential> find(std::string_view access_key_id) override;
  std::optional<aws::Principal> anybody() override;

 private:
  void give_hint(std::string_view access_key_id);

  aws::auth::CredentialSource& known_;
  const RootCredentials root_;
  const bool any_;
  const bool may_be_any_;
  std::atomic<bool> hint_given_ = false;
};

}  // namespace cli
