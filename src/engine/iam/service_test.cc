#include "engine/iam/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/manual/manual_env.h"
#include "engine/iam/keys.h"
#include "engine/iam/managed_policies.h"
#include "store/memory/memory_store.h"

// Requests name the members that a test is about; the others are empty.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace engine::iam {
namespace {

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},)"
    R"("Action":"sts:AssumeRole"}]})";
constexpr std::string_view kBasic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

std::string policy(std::string_view effect, std::string_view action, std::string_view resource) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + std::string(effect) + R"(","Action":")" +
         std::string(action) + R"(","Resource":")" + std::string(resource) + "\"}]}";
}

class IamTest : public testing::Test {
 protected:
  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  IamService iam_{*store_, env_.env};
  aws::Context context_ = context("111122223333");

  aws::Context context(std::string account) {
    aws::Context out;
    out.now = env_.clock.now();
    out.account = account;
    out.region = "us-east-1";
    out.principal = {aws::Principal::Kind::root, account, "arn:aws:iam::" + account + ":root", account};
    return out;
  }
  // A session of the role, as STS would make it.
  aws::Context session(const std::string& role) {
    aws::Context out = context_;
    out.principal = {aws::Principal::Kind::role, context_.account,
                     "arn:aws:sts::" + context_.account + ":assumed-role/" + role + "/s", role_id(role) + ":s"};
    return out;
  }
  std::string role_id(const std::string& role) {
    auto got = iam_.get_role(context_, {.role_name = role});
    return got.has_value() ? *got->role->role_id : "";
  }
  base::Result<aws::iam::CreateRoleResponse> create(const std::string& name, std::string path = "/") {
    return iam_.create_role(
        context_,
        {.path = path, .role_name = name, .assume_role_policy_document = std::string(kTrust), .tags = std::nullopt});
  }
  std::string put(const std::string& role, const std::string& name, std::string document) {
    return text(iam_.put_role_policy(context_,
                                     {.role_name = role, .policy_name = name, .policy_document = std::move(document)}));
  }
  std::string attach(const std::string& role, std::string_view arn) {
    return text(iam_.attach_role_policy(context_, {.role_name = role, .policy_arn = std::string(arn)}));
  }
  bool may(const aws::Context& caller, std::string_view action, std::vector<std::string> resources) {
    return iam_.allows(caller, action, resources);
  }
  template <class T>
  static std::string text(const base::Result<T>& result) {
    return result.has_value() ? "" : result.error().code + ": " + result.error().message;
  }
};

TEST_F(IamTest, ARoleIsCreatedReadAndDeleted) {
  auto created = iam_.create_role(context_, {.path = "/app/",
                                             .role_name = "Worker",
                                             .assume_role_policy_document = std::string(kTrust),
                                             .description = "d",
                                             .tags = std::vector<aws::iam::Tag>{{.key = "k", .value = "v"}}});
  ASSERT_TRUE(created.has_value()) << text(created);
  EXPECT_EQ(*created->role->arn, "arn:aws:iam::111122223333:role/app/Worker");
  EXPECT_TRUE(created->role->role_id->starts_with("AROA"));
  EXPECT_EQ(created->role->role_id->size(), 21u);
  EXPECT_EQ(*created->role->assume_role_policy_document, base::percent_encode(kTrust));
  EXPECT_FALSE(created->role->max_session_duration);

  auto got = iam_.get_role(context_, {.role_name = "Worker"});
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got->role->max_session_duration, 3600);
  EXPECT_TRUE(got->role->role_last_used);
  EXPECT_EQ(*got->role->tags->front().value, "v");
  auto listed = iam_.list_roles(context_, {.path_prefix = "/app/"});
  ASSERT_EQ(listed->roles->size(), 1u);
  EXPECT_FALSE(listed->roles->front().tags || listed->roles->front().role_last_used);
  EXPECT_TRUE(iam_.list_roles(context_, {.path_prefix = "/other/"})->roles->empty());
  aws::Context other = context("999999999999");
  EXPECT_TRUE(iam_.list_roles(other, {})->roles->empty());

  EXPECT_EQ(text(create("wORKER")), "EntityAlreadyExistsException: Role with name wORKER already exists.");
  const std::string id = role_id("Worker");
  ASSERT_TRUE(iam_.delete_role(context_, {.role_name = "Worker"}).has_value());
  const std::string gone = "NoSuchEntityException: The role with name Worker cannot be found.";
  EXPECT_EQ(text(iam_.get_role(context_, {.role_name = "Worker"})), gone);
  EXPECT_EQ(text(iam_.delete_role(context_, {.role_name = "Worker"})), gone);
  EXPECT_EQ(put("Worker", "p", policy("Allow", "s3:*", "*")), gone);
  ASSERT_TRUE(create("Worker").has_value());
  EXPECT_NE(role_id("Worker"), id);
}

TEST_F(IamTest, DocumentsAreCheckedWhenWritten) {
  const std::string malformed = "MalformedPolicyDocumentException: ";
  EXPECT_EQ(text(iam_.create_role(context_, {.role_name = "r", .assume_role_policy_document = "{"})),
            malformed + "This policy contains invalid Json");
  EXPECT_EQ(text(iam_.create_role(
                context_, {.role_name = "r", .assume_role_policy_document = policy("Allow", "sts:AssumeRole", "*")})),
            malformed + "Has prohibited field Resource");
  ASSERT_TRUE(create("r").has_value());
  EXPECT_EQ(put("r", "p", std::string(kTrust)), malformed + "Policy document should not specify a principal.");
  EXPECT_EQ(text(iam_.update_assume_role_policy(context_, {.role_name = "r", .policy_document = "[]"})),
            malformed + "This policy contains invalid Json");
  EXPECT_TRUE(iam_.list_role_policies(context_, {.role_name = "r"})->policy_names->empty());
  const std::string big = policy("Allow", "s3:*", "arn:aws:s3:::" + std::string(6'000, 'b'));
  EXPECT_EQ(put("r", "a", big), "");
  EXPECT_EQ(put("r", "b", big), "LimitExceededException: Maximum policy size of 10240 bytes exceeded for role r");
  EXPECT_EQ(put("r", "a", big + std::string(9'000, ' ')), "");
}

TEST_F(IamTest, PoliciesThatWouldAllowMoreThanOnAwsAreRefused) {
  ASSERT_TRUE(create("r").has_value());
  const auto outcome = [this](std::string_view effect, std::string_view condition) {
    const std::string text =
        put("r", "p",
            R"({"Version":"2012-10-17","Statement":[{"Effect":")" + std::string(effect) +
                R"(","Action":"*","Resource":"*","Condition":{)" + std::string(condition) + "}}]}");
    return text.starts_with("MalformedPolicyDocumentException: Unsupported condition key: ") ? "refused" : text;
  };
  const char* const leading = R"("ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["x"]})";
  EXPECT_EQ(outcome("Allow", leading), "refused");
  EXPECT_EQ(outcome("Deny", leading), "") << "it denies where AWS may not";
  const std::string tags = R"("ForAllValues:StringEquals":{"aws:TagKeys":"a"})";
  EXPECT_EQ(outcome("Allow", tags), "refused");
  EXPECT_EQ(outcome("Allow", tags + R"(,"StringEquals":{"aws:RequestTag/a":"b"})"), "") << "it never allows here";
  const char* const address = R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"})";
  EXPECT_EQ(outcome("Allow", address), "");
  EXPECT_EQ(outcome("Deny", address), "refused");
  EXPECT_EQ(outcome("Deny", R"("Null":{"s3:x-amz-acl":"false"})"), "refused");
  EXPECT_EQ(outcome("Allow", R"("StringNotEquals":{"aws:ResourceTag/a":"b"})"), "refused");
  EXPECT_EQ(outcome("Allow", R"("StringLikeIfExists":{"iam:PassedToService":"lambda.amazonaws.com"})"), "");
  EXPECT_EQ(outcome("Deny", R"("StringEquals":{"aws:PrincipalTag/team":"a","aws:RequestedRegion":"x"})"), "");
}

TEST_F(IamTest, InlineAndAttachedPolicies) {
  ASSERT_TRUE(create("r").has_value());
  const std::string document = policy("Allow", "s3:Get*", "arn:aws:s3:::b/%2F*");
  EXPECT_EQ(put("r", "z", document), "");
  EXPECT_EQ(put("r", "a", document), "");
  EXPECT_EQ(*iam_.list_role_policies(context_, {.role_name = "r"})->policy_names, (std::vector<std::string>{"a", "z"}));
  EXPECT_EQ(*iam_.get_role_policy(context_, {.role_name = "r", .policy_name = "a"})->policy_document,
            base::percent_encode(document));
  EXPECT_EQ(text(iam_.get_role_policy(context_, {.role_name = "r", .policy_name = "q"})),
            "NoSuchEntityException: The role policy with name q cannot be found.");
  auto page = iam_.list_role_policies(context_, {.role_name = "r", .max_items = 1});
  ASSERT_TRUE(page->is_truncated.value() && page->marker);
  page = iam_.list_role_policies(context_, {.role_name = "r", .marker = page->marker, .max_items = 1});
  EXPECT_EQ(*page->policy_names, std::vector<std::string>{"z"});
  EXPECT_FALSE(*page->is_truncated || page->marker);
  EXPECT_EQ(text(iam_.list_role_policies(context_, {.role_name = "r", .marker = "%"})),
            "ValidationError: Invalid Marker.");

  EXPECT_EQ(attach("r", kBasic), "");
  EXPECT_EQ(attach("r", kBasic), "");
  EXPECT_EQ(
      attach("r", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"),
      "NoSuchEntityException: Policy arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole does not exist or is not "
      "attachable.");
  EXPECT_EQ(attach("r", "nonsense"), "ValidationError: Invalid ARN:  Could not be parsed!");
  auto attached = iam_.list_attached_role_policies(context_, {.role_name = "r"});
  ASSERT_EQ(attached->attached_policies->size(), 1u);
  EXPECT_EQ(*attached->attached_policies->front().policy_name, "AWSLambdaBasicExecutionRole");

  EXPECT_EQ(text(iam_.delete_role(context_, {.role_name = "r"})),
            "DeleteConflictException: Cannot delete entity, must detach all policies first.");
  EXPECT_EQ(text(iam_.detach_role_policy(context_, {.role_name = "r", .policy_arn = std::string(kBasic)})), "");
  EXPECT_EQ(text(iam_.detach_role_policy(context_, {.role_name = "r", .policy_arn = std::string(kBasic)})),
            "NoSuchEntityException: Policy " + std::string(kBasic) + " was not found.");
  EXPECT_EQ(text(iam_.delete_role(context_, {.role_name = "r"})),
            "DeleteConflictException: Cannot delete entity, must delete policies first.");
}

TEST_F(IamTest, TheUnionOfPoliciesDecidesAndDenyWins) {
  ASSERT_TRUE(create("r").has_value());
  const aws::Context caller = session("r");
  EXPECT_FALSE(may(caller, "s3:GetObject", {"arn:aws:s3:::b/k"}));
  EXPECT_EQ(put("r", "one", policy("Allow", "s3:*", "arn:aws:s3:::b/*")), "");
  EXPECT_EQ(attach("r", kBasic), "");
  EXPECT_TRUE(may(caller, "s3:GetObject", {"arn:aws:s3:::b/k"}));
  EXPECT_TRUE(may(caller, "logs:PutLogEvents", {"arn:aws:logs:us-east-1:1:log-group:g"}));
  EXPECT_FALSE(may(caller, "s3:GetObject", {"arn:aws:s3:::b/k", "arn:aws:s3:::c/k"}));
  EXPECT_FALSE(may(caller, "sqs:ListQueues", {}));
  EXPECT_TRUE(may(caller, "sts:GetCallerIdentity", {}));
  EXPECT_EQ(put("r", "two", policy("Deny", "s3:Delete*", "*")), "");
  EXPECT_FALSE(may(caller, "s3:DeleteObject", {"arn:aws:s3:::b/k"}));
  EXPECT_TRUE(may(caller, "s3:PutObject", {"arn:aws:s3:::b/k"}));
  EXPECT_TRUE(may(context_, "s3:DeleteObject", {"arn:aws:s3:::b/k"}));  // root

  // A new role of the same name does not inherit old sessions.
  for (const char* name : {"one", "two"})
    ASSERT_TRUE(iam_.delete_role_policy(context_, {.role_name = "r", .policy_name = name}).has_value());
  EXPECT_FALSE(may(caller, "s3:PutObject", {"arn:aws:s3:::b/k"}));
  ASSERT_TRUE(iam_.detach_role_policy(context_, {.role_name = "r", .policy_arn = std::string(kBasic)}).has_value());
  ASSERT_TRUE(iam_.delete_role(context_, {.role_name = "r"}).has_value());
  ASSERT_TRUE(create("r").has_value());
  EXPECT_EQ(put("r", "one", policy("Allow", "*", "*")), "");
  EXPECT_FALSE(may(caller, "s3:PutObject", {"arn:aws:s3:::b/k"}));
  EXPECT_TRUE(may(session("r"), "s3:PutObject", {"arn:aws:s3:::b/k"}));
}

TEST_F(IamTest, ARoleIsTheSameResourceByWhateverName) {
  ASSERT_TRUE(create("Admin", "/sec/").has_value());
  ASSERT_TRUE(create("App", "/app/").has_value());
  ASSERT_TRUE(create("denied").has_value());
  ASSERT_TRUE(create("allowed").has_value());
  EXPECT_EQ(put("denied", "all", policy("Allow", "*", "*")), "");
  EXPECT_EQ(put("denied", "not", policy("Deny", "iam:*", "arn:aws:iam::111122223333:role/sec/Admin")), "");
  EXPECT_EQ(put("allowed", "app", policy("Allow", "iam:*", "arn:aws:iam::111122223333:role/app/*")), "");
  for (const char* name : {"Admin", "admin", "ADMIN"})
    EXPECT_FALSE(may(session("denied"), "iam:PutRolePolicy", {"arn:aws:iam::111122223333:role/" + std::string(name)}))
        << name;
  EXPECT_TRUE(may(session("denied"), "iam:PutRolePolicy", {"arn:aws:iam::111122223333:role/App"}));
  EXPECT_TRUE(may(session("allowed"), "iam:PutRolePolicy", {"arn:aws:iam::111122223333:role/app"}));
  EXPECT_FALSE(may(session("allowed"), "iam:PutRolePolicy", {"arn:aws:iam::111122223333:role/Admin"}));
  EXPECT_FALSE(may(session("allowed"), "iam:GetRole", {"arn:aws:iam::111122223333:role/none"}));
}

TEST_F(IamTest, ConditionsSeeTheRole) {
  ASSERT_TRUE(create("r", "/app/").has_value());
  ASSERT_TRUE(
      iam_.tag_role(context_, {.role_name = "r", .tags = std::vector<aws::iam::Tag>{{.key = "Team", .value = "red"}}})
          .has_value());
  EXPECT_EQ(put("r", "p", R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject",
      "Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*","Condition":{"ArnEquals":
      {"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app/r"}}}})"),
            "");
  EXPECT_TRUE(may(session("r"), "s3:GetObject", {"arn:aws:s3:::b/red/k"}));
  EXPECT_FALSE(may(session("r"), "s3:GetObject", {"arn:aws:s3:::b/blue/k"}));
}

TEST_F(IamTest, CustomerManagedPoliciesHaveVersions) {
  auto created = iam_.create_policy(
      context_, {.policy_name = "p", .policy_document = policy("Allow", "s3:GetObject", "*"), .description = "d"});
  ASSERT_TRUE(created.has_value()) << text(created);
  const std::string arn = *created->policy->arn;
  EXPECT_EQ(arn, "arn:aws:iam::111122223333:policy/p");
  EXPECT_EQ(*created->policy->default_version_id, "v1");
  EXPECT_EQ(*created->policy->attachment_count, 0);
  EXPECT_EQ(text(iam_.create_policy(context_, {.policy_name = "P", .policy_document = policy("Allow", "*", "*")})),
            "EntityAlreadyExistsException: A policy called P already exists. Duplicate names are not allowed.");
  ASSERT_TRUE(create("r").has_value());
  EXPECT_EQ(attach("r", arn), "");
  EXPECT_EQ(*iam_.get_policy(context_, {.policy_arn = arn})->policy->attachment_count, 1);
  EXPECT_EQ(text(iam_.delete_policy(context_, {.policy_arn = arn})),
            "DeleteConflictException: Cannot delete a policy attached to entities.");

  // The version in force is what counts, at once.
  EXPECT_TRUE(may(session("r"), "s3:GetObject", {"arn:aws:s3:::b/k"}));
  const auto add = [&](bool in_force) {
    return iam_.create_policy_version(
        context_, {.policy_arn = arn, .policy_document = policy("Allow", "sqs:*", "*"), .set_as_default = in_force});
  };
  EXPECT_EQ(*add(false)->policy_version->version_id, "v2");
  EXPECT_TRUE(may(session("r"), "s3:GetObject", {"arn:aws:s3:::b/k"}));
  ASSERT_TRUE(iam_.set_default_policy_version(context_, {.policy_arn = arn, .version_id = "v2"}).has_value());
  EXPECT_FALSE(may(session("r"), "s3:GetObject", {"arn:aws:s3:::b/k"}));
  EXPECT_TRUE(may(session("r"), "sqs:SendMessage", {"arn:aws:sqs:us-east-1:1:q"}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(add(true).has_value());
  EXPECT_EQ(add(true).error().code, "LimitExceededException");
  EXPECT_EQ(text(iam_.delete_policy_version(context_, {.policy_arn = arn, .version_id = "v5"})),
            "DeleteConflictException: Cannot delete the default version of a policy.");
  auto versions = iam_.list_policy_versions(context_, {.policy_arn = arn});
  EXPECT_EQ(*versions->versions->front().version_id, "v5");
  EXPECT_EQ(versions->versions->size(), 5u);
  EXPECT_EQ(*iam_.get_policy_version(context_, {.policy_arn = arn, .version_id = "v1"})->policy_version->document,
            base::percent_encode(policy("Allow", "s3:GetObject", "*")));
  EXPECT_EQ(iam_.get_policy_version(context_, {.policy_arn = arn, .version_id = "v9"}).error().code,
            "NoSuchEntityException");
  EXPECT_EQ(*iam_.list_entities_for_policy(context_, {.policy_arn = arn})->policy_roles->front().role_name, "r");

  ASSERT_TRUE(iam_.detach_role_policy(context_, {.role_name = "r", .policy_arn = arn}).has_value());
  for (const char* id : {"v1", "v2", "v3", "v4"})
    ASSERT_TRUE(iam_.delete_policy_version(context_, {.policy_arn = arn, .version_id = id}).has_value());
  ASSERT_TRUE(iam_.delete_policy(context_, {.policy_arn = arn}).has_value());
  EXPECT_EQ(text(iam_.get_policy(context_, {.policy_arn = arn})),
            "NoSuchEntityException: Policy " + arn + " was not found.");
  EXPECT_EQ(iam_.delete_policy(context_, {.policy_arn = std::string(kBasic)}).error().code, "AccessDenied");
}

TEST_F(IamTest, AwsManagedPoliciesAreAllUsable) {
  std::set<std::string> arns;
  for (const AwsManagedPolicy& managed : aws_managed_policies()) {
    const auto parsed = aws::auth::Policy::parse(managed.document(), aws::auth::PolicyKind::identity);
    ASSERT_TRUE(parsed.has_value()) << managed.name << ": " << parsed.error();
    EXPECT_FALSE(parsed->undecidable_key().has_value()) << managed.name << ": it would allow more than on AWS";
    EXPECT_TRUE(arns.insert(managed.arn()).second) << managed.name;
    auto got = iam_.get_policy(context_, {.policy_arn = managed.arn()});
    ASSERT_TRUE(got.has_value()) << managed.name;
    EXPECT_TRUE(got->policy->create_date && got->policy->update_date) << managed.name;
    EXPECT_TRUE(
        iam_.get_policy_version(context_, {.policy_arn = managed.arn(), .version_id = *got->policy->default_version_id})
            .has_value());
  }
  EXPECT_EQ(iam_.list_policies(context_, {.scope = "AWS"})->policies->size(), aws_managed_policies().size());
  EXPECT_TRUE(iam_.list_policies(context_, {.scope = "Local"})->policies->empty());
}

// Those that templates name most, by the ARNs that they have on AWS.
TEST_F(IamTest, ManagedPoliciesThatTemplatesNameExist) {
  ASSERT_TRUE(create("r").has_value());
  for (const char* name :
       {"service-role/AWSLambdaVPCAccessExecutionRole", "AWSXRayDaemonWriteAccess", "PowerUserAccess",
        "AWSLambdaExecute", "CloudWatchAgentServerPolicy", "ReadOnlyAccess", "job-function/ViewOnlyAccess",
        "service-role/AWSLambdaKinesisExecutionRole", "AWSLambda_ReadOnlyAccess", "AmazonSSMManagedInstanceCore"}) {
    EXPECT_EQ(attach("r", std::string("arn:aws:iam::aws:policy/") + name), "") << name;
  }
  const auto listed = iam_.list_policies(context_, {.max_items = 1000});
  for (const char* name :
       {"AmazonVPCFullAccess", "AmazonRDSFullAccess", "AmazonRDSReadOnlyAccess", "AmazonCognitoPowerUser",
        "AmazonCognitoReadOnly", "job-function/Billing", "job-function/DatabaseAdministrator",
        "job-function/DataScientist", "job-function/NetworkAdministrator", "job-function/SupportUser",
        "job-function/SystemAdministrator", "job-function/ViewOnlyAccess"}) {
    const std::string arn = std::string("arn:aws:iam::aws:policy/") + name;
    const std::string role = "of-" + std::string(name).substr(std::string(name).find('/') + 1);
    EXPECT_TRUE(create(role).has_value());
    EXPECT_EQ(attach(role, arn), "") << name;
    EXPECT_EQ(iam_.get_policy(context_, {.policy_arn = arn})->policy->attachment_count,
              name == std::string("job-function/ViewOnlyAccess") ? 2 : 1);
    EXPECT_EQ(std::ranges::count(*listed->policies, std::optional(arn), &aws::iam::Policy::arn), 1) << name;
  }
  const aws::Context caller = session("r");
  EXPECT_TRUE(may(caller, "logs:PutLogEvents", {"arn:aws:logs:us-east-1:111122223333:log-group:g"}));
  EXPECT_TRUE(may(caller, "sqs:SendMessage", {"arn:aws:sqs:us-east-1:111122223333:q"}));  // PowerUserAccess
  EXPECT_FALSE(may(caller, "iam:CreateRole", {"arn:aws:iam::111122223333:role/x"}));
  ASSERT_TRUE(create("e").has_value());
  EXPECT_EQ(attach("e", "arn:aws:iam::aws:policy/AWSLambdaExecute"), "");
  EXPECT_TRUE(may(session("e"), "s3:PutObject", {"arn:aws:s3:::b/k"}));
  EXPECT_FALSE(may(session("e"), "s3:DeleteObject", {"arn:aws:s3:::b/k"}));
}

TEST_F(IamTest, PoliciesHaveTags) {
  const auto made = iam_.create_policy(context_, {.policy_name = "p",
                                                  .policy_document = policy("Allow", "sqs:*", "*"),
                                                  .tags = std::vector<aws::iam::Tag>{{.key = "a", .value = "1"}}});
  ASSERT_TRUE(made.has_value()) << text(made);
  EXPECT_EQ(made->policy->tags->size(), 1u);
  const auto arn = made->policy->arn;
  ASSERT_TRUE(
      iam_.tag_policy(context_, {.policy_arn = arn, .tags = std::vector<aws::iam::Tag>{{.key = "A", .value = "2"}}})
          .has_value());
  IamService again(*store_, env_.env);
  EXPECT_EQ(*again.list_policy_tags(context_, {.policy_arn = arn})->tags->front().value, "2");
  ASSERT_TRUE(iam_.untag_policy(context_, {.policy_arn = arn, .tag_keys = std::vector<std::string>{"a"}}).has_value());
  const auto got = iam_.get_policy(context_, {.policy_arn = arn});
  ASSERT_TRUE(got->policy->tags.has_value());  // as on AWS, also without any
  EXPECT_TRUE(got->policy->tags->empty());
  EXPECT_EQ(
      iam_.tag_policy(context_, {.policy_arn = std::string(kBasic), .tags = std::vector<aws::iam::Tag>{}}).error().code,
      "AccessDenied");
}

// A new default version is in force for all roles at once, whatever else they have.
TEST_F(IamTest, ANewVersionReplacesTheOldOneInEveryRole) {
  const auto made =
      iam_.create_policy(context_, {.policy_name = "p", .policy_document = policy("Allow", "sqs:*", "*")});
  for (const char* role : {"r", "s"}) {
    ASSERT_TRUE(create(role).has_value());
    EXPECT_EQ(put(role, "inline", policy("Allow", "sns:*", "*")), "");
    EXPECT_EQ(attach(role, kBasic), "");
    EXPECT_EQ(attach(role, *made->policy->arn), "");
  }
  ASSERT_TRUE(iam_.create_policy_version(context_, {.policy_arn = made->policy->arn,
                                                    .policy_document = policy("Allow", "s3:*", "*"),
                                                    .set_as_default = true})
                  .has_value());
  for (const char* role : {"r", "s"}) {
    EXPECT_FALSE(may(session(role), "sqs:SendMessage", {"arn:aws:sqs:us-east-1:1:q"}));
    EXPECT_TRUE(may(session(role), "s3:GetObject", {"arn:aws:s3:::b/k"}));
    EXPECT_TRUE(may(session(role), "sns:Publish", {"arn:aws:sns:us-east-1:1:t"}));
    EXPECT_TRUE(may(session(role), "logs:PutLogEvents", {"arn:aws:logs:us-east-1:1:log-group:g"}));
  }
}

TEST_F(IamTest, DocumentsAreCheckedAsOnAws) {
  ASSERT_TRUE(create("r").has_value());
  const auto managed = [&](const std::string& document) {
    return text(iam_.create_policy(context_, {.policy_name = "p", .policy_document = document}));
  };
  const std::string malformed = "MalformedPolicyDocumentException: ";
  const std::string version = malformed + "Policy document must be version 2012-10-17 or greater.";
  const std::string statement = R"("Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
  EXPECT_EQ(managed("{" + statement), version);
  EXPECT_EQ(managed(R"({"Version":"2008-10-17",)" + statement), version);
  EXPECT_EQ(put("r", "i", "{" + statement), "");           // of a role's own policies it is not asked
  const std::string legacy = policy("denY", "s3:*", "*");  // document_check_test.cc has the rest
  EXPECT_EQ(managed(legacy), malformed + "The policy failed legacy parsing");
  EXPECT_EQ(put("r", "i", legacy), malformed + "The policy failed legacy parsing");
  const std::string own =
      *iam_.create_policy(context_, {.policy_name = "own", .policy_document = policy("Deny", "*", "*")})->policy->arn;
  EXPECT_EQ(text(iam_.create_policy_version(context_, {.policy_arn = own, .policy_document = legacy})),
            malformed + "The policy failed legacy parsing");
  EXPECT_EQ(text(iam_.update_assume_role_policy(
                context_, {.role_name = "r",
                           .policy_document = R"({"Statement":{"Effect":"allow","Principal":"*","Action":"sts:*"}})"})),
            malformed + "The policy failed legacy parsing");
  for (const auto& [resource, message] : std::initializer_list<std::pair<std::string, std::string>>{
           {"arn:invalid:s3:::example_bucket",
            R"(Partition "invalid" is not valid for resource "arn:invalid:s3:::example_bucket".)"},
           {"arn:error:s3", R"(Partition "error" is not valid for resource "arn:error:s3:*:*:*".)"},
           {"arn:aws", "Resource vendor must be fully qualified and cannot contain regexes."},
           {"arn:aws:*:::x", "Resource vendor must be fully qualified and cannot contain regexes."},
           {"arn:aws:s3::example_bucket", "The policy failed legacy parsing"},
           {"arn:aws:s3:us-east-1::b", "Resource arn:aws:s3:us-east-1::b can not contain region information."},
           {"arn:aws:iam:us-east-1:111122223333:role/x",
            "IAM resource arn:aws:iam:us-east-1:111122223333:role/x cannot contain region information."},
           {"arn:aws:iam::111122223333:robot/x",
            "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, "
            "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, "
            "access-report/."}}) {
    EXPECT_EQ(managed(policy("Allow", "s3:*", resource)), malformed + message) << resource;
    EXPECT_EQ(put("r", "i", policy("Allow", "s3:*", resource)), malformed + message) << resource;
  }
  for (const char* resource :
       {"*", "arn:aws:s3:::b/*", "arn:aws-cn:sqs:*:*:q", "arn:*:sns:us-east-1:1:t", "arn:aws:iam::1:role/x",
        "arn:aws:s3:us-east-1:1:accesspoint/p", "arn:aws:logs:*:*:*", "arn:aws:iam::111122223333:*"}) {
    EXPECT_EQ(put("r", "i", policy("Allow", "s3:*", resource)), "") << resource;
  }
}

// What the engine does not have is read as empty or as absent, in AWS's words.
TEST_F(IamTest, WhatIsNotHereIsReadAsEmpty) {
  EXPECT_TRUE(iam_.list_users(context_, {})->users->empty());
  EXPECT_TRUE(iam_.list_groups(context_, {})->groups->empty());
  EXPECT_TRUE(iam_.list_instance_profiles(context_, {})->instance_profiles->empty());
  EXPECT_TRUE(iam_.list_account_aliases(context_, {})->account_aliases->empty());
  EXPECT_TRUE(iam_.list_access_keys(context_, {})->access_key_metadata->empty());
  EXPECT_TRUE(iam_.list_saml_providers(context_, {})->saml_provider_list->empty());
  EXPECT_EQ(text(iam_.get_user(context_, {.user_name = "u"})),
            "NoSuchEntityException: The user with name u cannot be found.");
  EXPECT_EQ(*iam_.get_user(context_, {})->user->arn, "arn:aws:iam::111122223333:root");
  EXPECT_EQ(text(iam_.list_access_keys(context_, {.user_name = "u"})),
            "NoSuchEntityException: The user with name u cannot be found.");
  EXPECT_EQ(text(iam_.get_instance_profile(context_, {.instance_profile_name = "i"})),
            "NoSuchEntityException: Instance Profile i cannot be found.");
  EXPECT_EQ(text(iam_.get_account_password_policy(context_, {})),
            "NoSuchEntityException: The Password Policy with domain name 111122223333 cannot be found.");
  EXPECT_TRUE(iam_.list_ssh_public_keys(context_, {})->ssh_public_keys->empty());
  EXPECT_TRUE(iam_.list_signing_certificates(context_, {})->certificates->empty());
  EXPECT_TRUE(iam_.list_service_specific_credentials(context_, {})->service_specific_credentials->empty());
  const std::string no_user = "NoSuchEntityException: The user with name u cannot be found.";
  EXPECT_EQ(text(iam_.list_ssh_public_keys(context_, {.user_name = "u"})), no_user);
  EXPECT_EQ(text(iam_.get_user_policy(context_, {.user_name = "u", .policy_name = "p"})), no_user);
  EXPECT_EQ(text(iam_.list_user_tags(context_, {.user_name = "u"})), no_user);
  const std::string no_group = "NoSuchEntityException: The group with name g cannot be found.";
  EXPECT_EQ(text(iam_.list_group_policies(context_, {.group_name = "g"})), no_group);
  EXPECT_EQ(text(iam_.list_attached_group_policies(context_, {.group_name = "g"})), no_group);
  EXPECT_EQ(iam_.get_mfa_device(context_, {.serial_number = "s"}).error().code, "NoSuchEntityException");
  EXPECT_EQ(iam_.list_server_certificate_tags(context_, {.server_certificate_name = "c"}).error().code,
            "NoSuchEntityException");
  ASSERT_TRUE(create("r").has_value());
  const auto summary = *iam_.get_account_summary(context_, {})->summary_map;
  EXPECT_EQ(*summary.find("Roles"), 1);
  EXPECT_EQ(*summary.find("Users"), 0);
  EXPECT_EQ(*summary.find("RolesQuota"), 1000);
}

TEST_F(IamTest, TheWholeAccountIsReadAtOnce) {
  const std::string document = policy("Allow", "sqs:*", "*");
  const auto made = iam_.create_policy(context_, {.policy_name = "p", .policy_document = document, .description = "d"});
  const std::string arn = *made->policy->arn;
  ASSERT_TRUE(iam_.create_policy_version(context_, {.policy_arn = arn, .policy_document = document}).has_value());
  for (const char* role : {"a", "b"}) ASSERT_TRUE(create(role).has_value());
  EXPECT_EQ(put("a", "own", document), "");
  EXPECT_EQ(attach("a", arn), "");
  EXPECT_EQ(attach("b", kBasic), "");
  const auto read = [this](std::vector<std::string> filter, std::optional<int32_t> max_items = {},
                           std::optional<std::string> marker = {}) {
    return *iam_.get_account_authorization_details(
        context_, {.filter = std::move(filter), .max_items = max_items, .marker = std::move(marker)});
  };
  const auto all = read({});
  EXPECT_TRUE(all.user_detail_list->empty() && all.group_detail_list->empty() && !*all.is_truncated);
  ASSERT_EQ(all.role_detail_list->size(), 2u);
  const aws::iam::RoleDetail& role = all.role_detail_list->front();
  EXPECT_EQ(*role.role_name, "a");
  EXPECT_EQ(*role.assume_role_policy_document, base::percent_encode(kTrust));
  EXPECT_EQ(*role.role_policy_list->front().policy_name, "own");
  EXPECT_EQ(*role.role_policy_list->front().policy_document, base::percent_encode(document));
  EXPECT_EQ(*role.attached_managed_policies->front().policy_arn, arn);
  ASSERT_EQ(all.policies->size(), 2u);  // of AWS's those that are attached
  const aws::iam::ManagedPolicyDetail& own = all.policies->front();
  EXPECT_EQ(own.policy_version_list->size(), 2u);
  EXPECT_EQ(*own.policy_version_list->front().version_id, "v2");
  EXPECT_EQ(*own.policy_version_list->back().document, base::percent_encode(document));
  EXPECT_TRUE(*own.policy_version_list->back().is_default_version);
  EXPECT_EQ(*own.attachment_count, 1);
  EXPECT_EQ(*all.policies->back().arn, kBasic);

  EXPECT_TRUE(read({"User", "Group"}).role_detail_list->empty());
  EXPECT_EQ(read({"Role"}).policies->size(), 0u);
  EXPECT_EQ(*read({"LocalManagedPolicy"}).policies->front().arn, arn);
  EXPECT_EQ(*read({"AWSManagedPolicy"}).policies->front().arn, kBasic);
  auto page = read({}, 3);
  EXPECT_EQ(page.role_detail_list->size() + page.policies->size(), 3u);
  ASSERT_TRUE(*page.is_truncated);
  page = read({}, 3, page.marker);
  EXPECT_EQ(*page.policies->front().arn, kBasic);
  EXPECT_FALSE(*page.is_truncated);
}

TEST_F(IamTest, CredentialReports) {
  EXPECT_EQ(iam_.get_credential_report(context_, {}).error().code, "CredentialReportNotPresentException");
  EXPECT_EQ(*iam_.generate_credential_report(context_, {})->state, "STARTED");
  EXPECT_EQ(*iam_.generate_credential_report(context_, {})->state, "COMPLETE");
  IamService again(*store_, env_.env);
  const auto report = again.get_credential_report(context_, {});
  ASSERT_TRUE(report.has_value()) << text(report);
  EXPECT_EQ(*report->report_format, "text/csv");
  EXPECT_TRUE(report->content->starts_with("user,arn,user_creation_time,"));
  EXPECT_NE(report->content->find("\n<root_account>,arn:aws:iam::111122223333:root,"), std::string::npos);
  const auto columns = [](std::string_view line) { return std::ranges::count(line, ','); };
  const std::size_t end = report->content->find('\n');
  EXPECT_EQ(columns(report->content->substr(0, end)), columns(report->content->substr(end)));
  context_.now += std::chrono::hours(4);
  EXPECT_EQ(iam_.get_credential_report(context_, {}).error().code, "CredentialReportExpiredException");
  EXPECT_EQ(*iam_.generate_credential_report(context_, {})->state, "STARTED");
  EXPECT_TRUE(iam_.get_credential_report(context_, {}).has_value());
}

TEST_F(IamTest, TagsAndUpdates) {
  ASSERT_TRUE(create("r").has_value());
  const auto tag = [this](std::vector<aws::iam::Tag> tags) {
    return text(iam_.tag_role(context_, {.role_name = "r", .tags = std::move(tags)}));
  };
  EXPECT_EQ(tag({{.key = "a", .value = "1"}}), "");
  EXPECT_EQ(tag({{.key = "A", .value = "2"}, {.key = "b", .value = ""}}), "");
  EXPECT_NE(tag({{.key = "x", .value = "1"}, {.key = "X", .value = "2"}}), "");
  EXPECT_NE(tag({{.key = "aws:x", .value = "1"}}), "");
  std::vector<aws::iam::Tag> many;
  for (int i = 0; i < 49; ++i) many.push_back({.key = "k" + std::to_string(i), .value = "v"});
  EXPECT_EQ(tag(many), "LimitExceededException: The number of tags has reached the maximum limit.");
  auto tags = iam_.list_role_tags(context_, {.role_name = "r"});
  ASSERT_EQ(tags->tags->size(), 2u);
  EXPECT_EQ(*tags->tags->front().key + *tags->tags->front().value, "A2");
  ASSERT_TRUE(
      iam_.untag_role(context_, {.role_name = "r", .tag_keys = std::vector<std::string>{"a", "none"}}).has_value());
  EXPECT_EQ(iam_.list_role_tags(context_, {.role_name = "r"})->tags->size(), 1u);
  ASSERT_TRUE(
      iam_.update_role(context_, {.role_name = "r", .description = "new", .max_session_duration = 7200}).has_value());
  EXPECT_EQ(*iam_.get_role(context_, {.role_name = "r"})->role->max_session_duration, 7200);
  EXPECT_EQ(iam_.update_role(context_, {.role_name = "r", .max_session_duration = 1}).error().code, "ValidationError");
  EXPECT_TRUE(iam_.list_instance_profiles_for_role(context_, {.role_name = "r"})->instance_profiles->empty());
}

TEST_F(IamTest, EverythingSurvivesARestart) {
  auto made = iam_.create_policy(context_, {.policy_name = "p", .policy_document = policy("Allow", "sqs:*", "*")});
  ASSERT_TRUE(create("r").has_value());
  EXPECT_EQ(attach("r", *made->policy->arn), "");
  EXPECT_EQ(put("r", "i", policy("Deny", "sqs:Delete*", "*")), "");
  IamService again(*store_, env_.env);
  EXPECT_EQ(again.get_role(context_, {.role_name = "r"})->role, iam_.get_role(context_, {.role_name = "r"})->role);
  EXPECT_EQ(again.get_policy(context_, {.policy_arn = made->policy->arn})->policy,
            iam_.get_policy(context_, {.policy_arn = made->policy->arn})->policy);
  const std::string queue[] = {"arn:aws:sqs:us-east-1:1:q"};
  EXPECT_TRUE(again.allows(session("r"), "sqs:SendMessage", queue));
  EXPECT_FALSE(again.allows(session("r"), "sqs:DeleteMessage", queue));
}

TEST_F(IamTest, DamageEndsTheProcess) {
  ASSERT_TRUE(create("r").has_value());
  RoleRecord role;
  role.account = context_.account;
  role.name = role.id = "r";
  role.trust_document = "{";
  for (const std::string& damaged : {std::string("\xff"), role.encode()})
    EXPECT_EXIT(
        {
          store::WriteBatch batch;
          batch.put(keys::role(context_.account, "r"), damaged);
          store_->write(batch);
          IamService again(*store_, env_.env);
        },
        ::testing::ExitedWithCode(store::kFatalExitCode), "^store: a row of IAM is damaged");
}

TEST_F(IamTest, AbsentMembersAreAnswered) {
  for (const std::string& code :
       {iam_.create_role(context_, {}).error().code, iam_.get_role(context_, {}).error().code,
        iam_.put_role_policy(context_, {}).error().code, iam_.attach_role_policy(context_, {}).error().code,
        iam_.create_policy(context_, {}).error().code, iam_.get_policy(context_, {}).error().code,
        iam_.tag_role(context_, {}).error().code, iam_.delete_policy_version(context_, {}).error().code})
    EXPECT_EQ(code, "ValidationError");
}

}  // namespace
}  // namespace engine::iam
