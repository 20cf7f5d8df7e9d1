// StsService: AWS STS over a KvStore, and the place where the secrets of access keys are (CredentialSource). Owned by
// the engine; safe from any thread. Temporary credentials survive a restart; they are also in memory, because every
// request looks one up.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "aws/auth/verify.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "engine/iam/role_directory.h"
#include "store/kv_store.h"

namespace engine::sts {

struct StsOptions {
  // The long-term key of the root of `account`. With the same secret, an access key id of 12 digits is the key of the
  // root of that account.
  std::string access_key_id = "test";
  std::string secret_access_key = "test";
  std::string account = "000000000000";
};

class StsService final : public aws::sts::Sts, public aws::auth::CredentialSource {
 public:
  // Loads all credentials from `store`. It, the parts of `env` and `roles` outlive the service.
  StsService(store::KvStore& store, base::Env& env, iam::RoleDirectory& roles, StsOptions options = {});
  ~StsService() override;  // stop()
  StsService(const StsService&) = delete;
  StsService& operator=(const StsService&) = delete;

  // Begins to remove expired credentials in the background.
  void start();
  void stop();

  // The credential with this id. One that has expired is found for another hour; the caller checks its expiration.
  std::optional<aws::auth::Credential> find(std::string_view access_key_id) override;

  // Credentials of the role, if its trust policy allows context.principal to assume it. Conditions of that policy may
  // use sts:ExternalId and sts:RoleSessionName. The engine itself assumes the roles of functions with a service_call()
  // by "lambda.amazonaws.com".
  base::Result<aws::sts::AssumeRoleResponse> assume_role(aws::Context& context,
                                                         aws::sts::AssumeRoleRequest in) override;
  base::Result<aws::sts::GetCallerIdentityResponse> get_caller_identity(aws::Context& context,
                                                                        aws::sts::GetCallerIdentityRequest in) override;
  // Temporary credentials of root; sessions of roles may not ask, as on AWS.
  base::Result<aws::sts::GetSessionTokenResponse> get_session_token(aws::Context& context,
                                                                    aws::sts::GetSessionTokenRequest in) override;
  // The account of a key that this engine knows; of others nothing can be told here.
  base::Result<aws::sts::GetAccessKeyInfoResponse> get_access_key_info(aws::Context& context,
                                                                       aws::sts::GetAccessKeyInfoRequest in) override;
  // Denials of this engine carry no encoded messages, so there is none that can be decoded.
  base::Result<aws::sts::DecodeAuthorizationMessageResponse> decode_authorization_message(
      aws::Context& context, aws::sts::DecodeAuthorizationMessageRequest in) override;

  // Temporary credentials that are held, expired ones included.
  std::size_t size() const;

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Credentials = std::unordered_map<std::string, aws::auth::Credential, TextHash, std::equal_to<>>;

  void load();
  void sweep(base::Timestamp now);
  void run_sweeper();
  // Stores and returns new temporary credentials; Throttling if there are too many.
  base::Result<aws::sts::Credentials> issue(base::Timestamp now, int32_t duration_seconds, aws::Principal principal);

  store::KvStore& store_;
  base::Env& env_;
  iam::RoleDirectory& roles_;
  const StsOptions options_;

  mutable std::shared_mutex mutex_;
  Credentials credentials_;  // temporary ones, by access key id

  std::mutex sweeper_mutex_;  // guards stopping_
  bool stopping_ = false;
  std::unique_ptr<base::Condition> stop_requested_;
  std::unique_ptr<base::Task> sweeper_;
};

}  // namespace engine::sts
