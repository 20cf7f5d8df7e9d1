#include "engine/sts/service.h"

#include <gtest/gtest.h>

#include "base/manual/manual_env.h"
#include "engine/iam/service.h"
#include "engine/internal_call.h"
#include "engine/sts/keys.h"
#include "engine/sts/limits.h"
#include "store/memory/memory_store.h"

// Requests name the members that a test is about; the others are empty.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace engine::sts {
namespace {

using std::chrono::seconds;

constexpr const char* kAccount = "111122223333";
constexpr const char* kRoleArn = "arn:aws:iam::111122223333:role/app/worker";

class StsTest : public testing::Test {
 protected:
  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  iam::IamService iam_{*store_, env_.env};
  StsService sts_{*store_, env_.env, iam_};
  aws::Context root_ = account_call(env_.env, kAccount, "us-east-1");
  aws::Context lambda_ = service_call(env_.env, kAccount, "us-east-1", "lambda.amazonaws.com", "");

  void create_role(std::string_view principal, std::string_view condition = "{}") {
    const std::string trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)" +
                              std::string(principal) + R"(,"Action":"sts:AssumeRole","Condition":)" +
                              std::string(condition) + "}]}";
    auto created = iam_.create_role(
        root_, {.path = "/app/", .role_name = "worker", .assume_role_policy_document = trust, .tags = std::nullopt});
    ASSERT_TRUE(created.has_value()) << created.error().message;
  }
  base::Result<aws::sts::AssumeRoleResponse> assume(aws::Context context, std::optional<int32_t> duration = {},
                                                    std::optional<std::string> external_id = {}) {
    context.now = env_.clock.now();
    return sts_.assume_role(context, {.role_arn = kRoleArn,
                                      .role_session_name = "session",
                                      .duration_seconds = duration,
                                      .external_id = external_id});
  }
  template <class T>
  static std::string text(const base::Result<T>& result) {
    return result.has_value() ? "" : result.error().code + ": " + result.error().message;
  }
};

TEST_F(StsTest, AFunctionActsAsItsRoleAndNoMore) {
  create_role(R"({"Service":"lambda.amazonaws.com"})");
  ASSERT_TRUE(iam_.put_role_policy(root_, {.role_name = "worker",
                                           .policy_name = "p",
                                           .policy_document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
      "Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:111122223333:orders"}]})"})
                  .has_value());
  auto assumed = assume(lambda_);
  ASSERT_TRUE(assumed.has_value()) << text(assumed);
  const aws::sts::Credentials& issued = *assumed->credentials;
  EXPECT_TRUE(issued.access_key_id->starts_with("ASIA"));
  EXPECT_EQ(issued.access_key_id->size(), 20u);
  EXPECT_EQ(issued.access_key_id->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), std::string::npos);
  EXPECT_EQ(issued.secret_access_key->size(), 40u);
  EXPECT_GE(issued.session_token->size(), 300u);
  EXPECT_EQ(*issued.expiration, env_.clock.now() + seconds(3600));
  EXPECT_EQ(*assumed->assumed_role_user->arn, "arn:aws:sts::111122223333:assumed-role/worker/session");

  const auto credential = sts_.find(*issued.access_key_id);
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->secret_access_key, *issued.secret_access_key);
  EXPECT_EQ(credential->session_token, *issued.session_token);
  EXPECT_EQ(credential->principal.kind, aws::Principal::Kind::role);
  EXPECT_EQ(credential->principal.user_id, *assumed->assumed_role_user->assumed_role_id);

  aws::Context caller = root_;
  caller.principal = credential->principal;
  const auto may = [&](std::string_view action, std::string resource) {
    const std::string resources[] = {std::move(resource)};
    return iam_.allows(caller, action, resources);
  };
  EXPECT_TRUE(may("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:orders"));
  EXPECT_FALSE(may("sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:111122223333:orders"));
  EXPECT_FALSE(may("sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:orders2"));
  EXPECT_FALSE(may("sqs:SendMessage", "arn:aws:sqs:us-east-1:999999999999:orders"));
  auto identity = sts_.get_caller_identity(caller, {});
  EXPECT_EQ(*identity->account, kAccount);
  EXPECT_EQ(*identity->arn, "arn:aws:sts::111122223333:assumed-role/worker/session");
  EXPECT_EQ(text(sts_.get_session_token(caller, {})),
            "AccessDenied: Cannot call GetSessionToken with session credentials");
}

TEST_F(StsTest, TheTrustPolicyDecides) {
  const std::string denied = " is not authorized to perform: sts:AssumeRole on resource: " + std::string(kRoleArn);
  const std::string root_denied = "AccessDenied: User: arn:aws:iam::111122223333:root" + denied;
  EXPECT_EQ(text(assume(root_)), root_denied);  // no such role
  create_role(R"({"Service":"lambda.amazonaws.com"})");
  EXPECT_EQ(text(assume(root_)), root_denied);
  EXPECT_EQ(text(assume(lambda_)), "");
  EXPECT_EQ(text(assume(service_call(env_.env, kAccount, "us-east-1", "sns.amazonaws.com", ""))),
            "AccessDenied: User: sns.amazonaws.com" + denied);
  ASSERT_TRUE(iam_.delete_role(root_, {.role_name = "worker"}).has_value());

  create_role(R"({"AWS":"arn:aws:iam::111122223333:root"})", R"({"StringEquals":{"sts:ExternalId":"x"}})");
  EXPECT_EQ(text(assume(root_)), root_denied);
  EXPECT_EQ(text(assume(root_, {}, "y")), root_denied);
  EXPECT_EQ(text(assume(root_, {}, "x")), "");
  EXPECT_NE(text(assume(account_call(env_.env, "999999999999", "us-east-1"), {}, "x")), "");
  EXPECT_NE(text(assume(lambda_, {}, "x")), "");
}

TEST_F(StsTest, ParametersAreChecked) {
  create_role(R"({"AWS":"111122223333"})");
  const auto code = [this](const char* arn, const char* name) {
    return text(sts_.assume_role(root_, {.role_arn = arn, .role_session_name = name}));
  };
  EXPECT_EQ(code("nonsense", "session"), "ValidationError: nonsense is invalid");
  EXPECT_EQ(code("arn:aws:iam::111122223333:user/u", "session"),
            "ValidationError: arn:aws:iam::111122223333:user/u is invalid");
  EXPECT_NE(code(kRoleArn, "a"), "");
  EXPECT_NE(code(kRoleArn, "a b"), "");
  EXPECT_EQ(code(kRoleArn, "a@b"), "");
  EXPECT_EQ(sts_.assume_role(root_, {}).error().code, "ValidationError");
  for (const int32_t wrong : {899, 43201, -1}) EXPECT_EQ(assume(root_, wrong).error().code, "ValidationError");
  EXPECT_EQ(text(assume(root_, 3601)),
            "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  ASSERT_TRUE(iam_.update_role(root_, {.role_name = "worker", .max_session_duration = 43200}).has_value());
  EXPECT_EQ(*assume(root_, 43200)->credentials->expiration, env_.clock.now() + seconds(43200));
  aws::Context chained = root_;
  chained.principal = sts_.find(*assume(root_)->credentials->access_key_id)->principal;
  EXPECT_EQ(text(assume(chained, 3600)), "");
  EXPECT_EQ(assume(chained, 3601).error().code, "ValidationError");
}

TEST_F(StsTest, LongTermKeysAndSessionTokens) {
  const auto main = sts_.find("test");
  ASSERT_TRUE(main);
  EXPECT_EQ(main->secret_access_key, "test");
  EXPECT_EQ(main->principal.arn, "arn:aws:iam::000000000000:root");
  EXPECT_FALSE(main->expiration);
  EXPECT_EQ(sts_.find(kAccount)->principal.account, kAccount);
  for (const char* unknown : {"", "Test", "12345678901", "1234567890123", "12345678901a", "ASIAAAAAAAAAAAAAAAAA"})
    EXPECT_FALSE(sts_.find(unknown)) << unknown;
  auto token = sts_.get_session_token(root_, {.duration_seconds = 900});
  ASSERT_TRUE(token.has_value());
  const auto credential = sts_.find(*token->credentials->access_key_id);
  EXPECT_EQ(credential->principal.kind, aws::Principal::Kind::root);
  EXPECT_EQ(credential->principal.account, kAccount);
  EXPECT_EQ(*credential->expiration, env_.clock.now() + seconds(900));
  EXPECT_EQ(sts_.get_session_token(root_, {.duration_seconds = 899}).error().code, "ValidationError");
  token = sts_.get_session_token(root_, {.duration_seconds = 7200});
  EXPECT_EQ(*token->credentials->expiration, env_.clock.now() + seconds(3600)) << "root gets an hour";
}

TEST_F(StsTest, CredentialsSurviveARestartAndExpire) {
  create_role(R"({"Service":"lambda.amazonaws.com"})");
  const std::string id = *assume(lambda_, 900)->credentials->access_key_id;
  {
    StsService again(*store_, env_.env, iam_);
    const auto before = sts_.find(id), after = again.find(id);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->secret_access_key, before->secret_access_key);
    EXPECT_EQ(after->session_token, before->session_token);
    EXPECT_EQ(after->expiration, before->expiration);
    EXPECT_EQ(after->principal.arn, before->principal.arn);
    EXPECT_EQ(after->principal.kind, before->principal.kind);
  }
  sts_.start();
  env_.clock.await_waiters(1);
  EXPECT_TRUE(sts_.find(id));
  env_.clock.advance(seconds(1000));  // expired, but still known as such
  env_.clock.await_waiters(1);
  EXPECT_TRUE(sts_.find(id));
  env_.clock.advance(kExpiredKeptFor + kSweepInterval);
  sts_.stop();
  sts_.start();
  env_.clock.await_waiters(1);
  EXPECT_FALSE(sts_.find(id));
  EXPECT_EQ(StsService(*store_, env_.env, iam_).size(), 0u);
}

TEST_F(StsTest, DamageEndsTheProcess) {
  EXPECT_EXIT(
      {
        store::WriteBatch batch;
        batch.put(keys::credential("ASIAAAAAAAAAAAAAAAAA"), "\xff");
        store_->write(batch);
        StsService again(*store_, env_.env, iam_);
      },
      ::testing::ExitedWithCode(store::kFatalExitCode), "^store: a credential of STS is damaged");
}

TEST_F(StsTest, AKeyTellsItsAccount) {
  EXPECT_EQ(*sts_.get_access_key_info(root_, {.access_key_id = "444455556666"})->account, "444455556666");
  const auto token = sts_.get_session_token(root_, {});
  EXPECT_EQ(*sts_.get_access_key_info(root_, {.access_key_id = token->credentials->access_key_id})->account, kAccount);
  EXPECT_EQ(sts_.get_access_key_info(root_, {.access_key_id = "AKIAUNKNOWN"}).error().code, "ValidationError");
  EXPECT_EQ(sts_.decode_authorization_message(root_, {.encoded_message = "x"}).error().code,
            "InvalidAuthorizationMessageException");
}

// Expired ones are removed in steps, between which requests find theirs.
TEST_F(StsTest, ManyCredentialsAreSwept) {
  for (std::size_t i = 0; i < 2 * kSweptPerStep + 1; ++i) ASSERT_TRUE(sts_.get_session_token(root_, {}).has_value());
  EXPECT_EQ(sts_.size(), 2 * kSweptPerStep + 1);
  env_.clock.advance(std::chrono::hours(2) + seconds(1));
  sts_.start();
  env_.clock.await_waiters(1);
  EXPECT_EQ(sts_.size(), 0u);
  EXPECT_EQ(StsService(*store_, env_.env, iam_).size(), 0u);
}

}  // namespace
}  // namespace engine::sts
