#include "engine/sts/service.h"

#include <algorithm>
#include <vector>

#include "aws/auth/policy.h"
#include "aws/sts/errors.h"
#include "engine/arn.h"
#include "engine/iam/limits.h"
#include "engine/sts/credential_record.h"
#include "engine/sts/keys.h"
#include "engine/sts/limits.h"

namespace engine::sts {

namespace errors = aws::sts::errors;
using aws::Principal;
using base::Result;

namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kKeyIdRandomLength = 16;
constexpr std::size_t kSecretLength = 40;
constexpr std::size_t kTokenLength = 356;

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// [\w+=,.@-]{2,64}
bool is_session_name(std::string_view text) {
  return text.size() >= kSessionNameLengthMin && text.size() <= kSessionNameLengthMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("_+=,.@-").find(c) != std::string_view::npos;
         });
}

Principal root_of(std::string account) {
  std::string arn = make_arn("iam", "", account, "root");
  std::string user_id = account;
  return {Principal::Kind::root, std::move(account), std::move(arn), std::move(user_id)};
}

base::AwsError not_authorized(const aws::Context& context, std::string_view action, std::string_view resource) {
  return errors::access_denied("User: " + context.principal.arn + " is not authorized to perform: " +
                               std::string(action) + " on resource: " + std::string(resource));
}

Result<int32_t> duration_of(const std::optional<int32_t>& wanted, int32_t max) {
  if (!wanted) return kSessionSecondsDefault;
  if (*wanted >= kSessionSecondsMin && *wanted <= max) return *wanted;
  return base::fail(errors::validation_error("The requested DurationSeconds must be from " +
                                             std::to_string(kSessionSecondsMin) + " to " + std::to_string(max)));
}

}  // namespace

StsService::StsService(store::KvStore& store, base::Env& env, iam::RoleDirectory& roles, StsOptions options)
    : store_(store),
      env_(env),
      roles_(roles),
      options_(std::move(options)),
      stop_requested_(env.executor.make_condition()) {
  load();
}

StsService::~StsService() {
  stop();
}

void StsService::load() {
  const std::string begin = store::KeyWriter(keys::kCredentialTable).take();
  for (auto cursor = store_.scan(begin, store::prefix_end(begin)); cursor->valid(); cursor->next()) {
    auto credential = decode_credential(cursor->value());
    store::require_intact(credential.has_value(), "a credential of STS");
    std::string id = credential->access_key_id;
    credentials_.emplace(std::move(id), std::move(*credential));
  }
}

void StsService::start() {
  {
    const std::lock_guard lock(sweeper_mutex_);
    stopping_ = false;
  }
  if (!sweeper_) sweeper_ = env_.executor.spawn("sts-sweeper", [this] { run_sweeper(); });
}

void StsService::stop() {
  {
    const std::lock_guard lock(sweeper_mutex_);
    stopping_ = true;
    stop_requested_->notify_all();
  }
  sweeper_.reset();
}

void StsService::run_sweeper() {
  std::unique_lock lock(sweeper_mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    lock.unlock();
    sweep(now);
    lock.lock();
    while (!stopping_ && env_.clock.now() < now + kSweepInterval)
      env_.executor.wait_until(lock, *stop_requested_, now + kSweepInterval);
  }
}

// Every request looks for its credential, so nobody may wait for all of them to be removed.
void StsService::sweep(base::Timestamp now) {
  std::vector<std::string> expired;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, credential] : credentials_)
      if (*credential.expiration + kExpiredKeptFor <= now) expired.push_back(id);
  }
  for (std::size_t at = 0; at < expired.size(); at += kSweptPerStep) {
    store::WriteBatch batch;
    const std::unique_lock lock(mutex_);
    for (std::size_t i = at; i < std::min(at + kSweptPerStep, expired.size()); ++i) {
      credentials_.erase(expired[i]);
      batch.erase(keys::credential(expired[i]));
    }
    store_.write(batch);
  }
}

std::size_t StsService::size() const {
  const std::shared_lock lock(mutex_);
  return credentials_.size();
}

std::optional<aws::auth::Credential> StsService::find(std::string_view access_key_id) {
  const bool other_account = is_account(access_key_id);
  if (access_key_id == options_.access_key_id || other_account)
    return aws::auth::Credential{
        std::string(access_key_id), options_.secret_access_key, "", std::nullopt,
        root_of(access_key_id == options_.access_key_id ? options_.account : std::string(access_key_id))};
  const std::shared_lock lock(mutex_);
  const auto found = credentials_.find(access_key_id);
  if (found == credentials_.end()) return std::nullopt;
  return found->second;
}

Result<aws::sts::Credentials> StsService::issue(base::Timestamp now, int32_t duration_seconds, Principal principal) {
  aws::auth::Credential credential;
  credential.access_key_id = "ASIA" + base::random_string(env_.random, kKeyIdRandomLength, kBase32);
  credential.secret_access_key = base::random_string(env_.random, kSecretLength, kBase64);
  credential.session_token = "IQoJb3JpZ2luX2Vj" + base::random_string(env_.random, kTokenLength, kBase64);
  credential.expiration = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(duration_seconds);
  credential.principal = std::move(principal);
  aws::sts::Credentials out{.access_key_id = credential.access_key_id,
                            .secret_access_key = credential.secret_access_key,
                            .session_token = credential.session_token,
                            .expiration = credential.expiration};
  if (size() >= kCredentialsMax) sweep(now + kExpiredKeptFor);  // under pressure, expired ones go at once
  store::WriteBatch batch;
  batch.put(keys::credential(credential.access_key_id), encode_credential(credential));
  const std::unique_lock lock(mutex_);
  if (credentials_.size() >= kCredentialsMax) return base::fail(errors::throttling("Rate exceeded"));
  store_.write(batch);
  credentials_.emplace(*out.access_key_id, std::move(credential));
  return out;
}

Result<aws::sts::AssumeRoleResponse> StsService::assume_role(aws::Context& context, aws::sts::AssumeRoleRequest in) {
  const std::string role_arn = in.role_arn.value_or("");
  const std::string session = in.role_session_name.value_or("");
  const auto arn = Arn::parse(role_arn);
  if (!arn || arn->service != "iam" || !is_account(arn->account) || !arn->resource.starts_with("role/"))
    return base::fail(errors::validation_error(role_arn + " is invalid"));
  if (!is_session_name(session))
    return base::fail(errors::validation_error(
        "1 validation error detected: Value '" + session +
        "' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        "[\\w+=,.@-]{2,64}"));

  // Whether the role is absent or closed is not told apart, as on AWS.
  const auto role = roles_.find_assumable(role_arn);
  if (!role) return base::fail(not_authorized(context, "sts:AssumeRole", role_arn));
  std::vector<aws::auth::ConditionValue> conditions = aws::auth::condition_values(context);
  conditions.push_back({"sts:rolesessionname", session});
  if (in.external_id) conditions.push_back({"sts:externalid", *in.external_id});
  if (role->trust_policy.evaluate({context.principal, "sts:AssumeRole", role_arn, conditions}) !=
      aws::auth::Decision::allow)
    return base::fail(not_authorized(context, "sts:AssumeRole", role_arn));

  TRY_ASSIGN(const int32_t seconds, duration_of(in.duration_seconds, iam::kSessionSecondsMax));
  if (seconds > role->max_session_duration_seconds)
    return base::fail(
        errors::validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
  if (context.principal.kind == Principal::Kind::role && seconds > kChainedSessionSecondsMax)
    return base::fail(errors::validation_error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."));

  Principal principal{Principal::Kind::role, role->account,
                      make_arn("sts", "", role->account, "assumed-role/" + role->name + "/" + session),
                      role->id + ":" + session};
  aws::sts::AssumeRoleResponse out;
  out.assumed_role_user = aws::sts::AssumedRoleUser{.assumed_role_id = principal.user_id, .arn = principal.arn};
  TRY_ASSIGN(out.credentials, issue(context.now, seconds, std::move(principal)));
  return out;
}

Result<aws::sts::GetCallerIdentityResponse> StsService::get_caller_identity(aws::Context& context,
                                                                            aws::sts::GetCallerIdentityRequest) {
  return aws::sts::GetCallerIdentityResponse{
      .user_id = context.principal.user_id, .account = context.principal.account, .arn = context.principal.arn};
}

Result<aws::sts::GetSessionTokenResponse> StsService::get_session_token(aws::Context& context,
                                                                        aws::sts::GetSessionTokenRequest in) {
  if (context.principal.kind != Principal::Kind::root)
    return base::fail(errors::access_denied("Cannot call GetSessionToken with session credentials"));
  TRY_ASSIGN(const int32_t seconds, duration_of(in.duration_seconds, kSessionTokenSecondsMax));
  aws::sts::GetSessionTokenResponse out;
  TRY_ASSIGN(out.credentials, issue(context.now, std::min(seconds, kRootSessionSecondsMax), context.principal));
  return out;
}

Result<aws::sts::GetAccessKeyInfoResponse> StsService::get_access_key_info(aws::Context&,
                                                                           aws::sts::GetAccessKeyInfoRequest in) {
  const auto credential = find(in.access_key_id.value_or(""));
  if (!credential) return base::fail(errors::validation_error("The access key ID is not known."));
  return aws::sts::GetAccessKeyInfoResponse{.account = credential->principal.account};
}

Result<aws::sts::DecodeAuthorizationMessageResponse> StsService::decode_authorization_message(
    aws::Context&, aws::sts::DecodeAuthorizationMessageRequest) {
  return base::fail(errors::invalid_authorization_message_exception("Message is not valid"));
}

}  // namespace engine::sts
