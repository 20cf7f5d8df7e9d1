#include "pipeline/patience.h"

#include <gtest/gtest.h>

#include <map>

#include "aws/cloudwatch/caller.h"
#include "aws/dynamodb/caller.h"
#include "aws/iam/caller.h"
#include "aws/lambda/caller.h"
#include "aws/logs/caller.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "aws/sts/caller.h"
#include "base/encoding.h"
#include "base/manual/manual_env.h"
#include "pipeline/patient_services.h"
#include "pipeline/stack.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

using namespace std::chrono_literals;

// All services at once: every call is counted, and answered by `answer`, or with an empty output. Time passes in the
// pauses of the waits, and only there.
class Bed final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context&, void* in,
                              void* out) override {
    const int nth = ++calls[std::string(operation.name)];
    return answer ? answer(operation.name, nth, in, out) : base::Result<void>();
  }

  [[nodiscard]] Services services() { return {s3, sqs, sns, lambda, dynamodb, iam, sts, logs, cloudwatch}; }
  [[nodiscard]] base::Duration passed() { return env.clock.now() - begun; }

  std::function<base::Result<void>(std::string_view operation, int nth, void* in, void* out)> answer;
  std::map<std::string, int> calls;
  base::ManualEnv env;
  const base::Timestamp begun = env.clock.now();
  std::vector<base::Duration> pauses;
  std::vector<std::string> told;
  base::Duration interrupted_after = base::Duration::max();

 private:
  aws::s3::S3Caller s3{*this};
  aws::sqs::SqsCaller sqs{*this};
  aws::sns::SnsCaller sns{*this};
  aws::lambda::LambdaCaller lambda{*this};
  aws::dynamodb::DynamoDbCaller dynamodb{*this};
  aws::iam::IamCaller iam{*this};
  aws::sts::StsCaller sts{*this};
  aws::logs::LogsCaller logs{*this};
  aws::cloudwatch::CloudWatchCaller cloudwatch{*this};

 public:
  Patience patience{env.env,
                    {.tell = [this](const std::string& what) { told.push_back(what); },
                     .pause =
                         [this](base::Duration how_long) {
                           pauses.push_back(how_long);
                           env.clock.advance(how_long);
                           return passed() < interrupted_after;
                         }}};
  PatientServices patient{services(), patience};
  Site site{patient.services(), patience, env.env, "shop", "111122223333", "eu-west-1"};
};

base::AwsError role_refused() {
  return {.code = "InvalidParameterValueException",
          .message = "The role defined for the function cannot be assumed by Lambda."};
}

TEST(NotYet, IsToldFromWhatDoesNotPass) {
  struct Case {
    std::string service, operation, code, message;
    int status;
    bool passes;
  };
  const std::string invalid = "InvalidParameterValueException";
  const Case cases[] = {
      {"lambda", "UpdateFunctionConfiguration", invalid, role_refused().message, 400, true},
      {"lambda", "CreateFunction", invalid, role_refused().message, 400, false},  // role_not_yet knows
      {"lambda", "CreateEventSourceMapping", invalid,
       "The function execution role does not have permissions to call ReceiveMessage on SQS", 400, true},
      {"lambda", "CreateEventSourceMapping", invalid,
       "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue.", 400, true},
      {"lambda", "CreateEventSourceMapping", invalid, "Batch size must be between 1 and 10000", 400, false},
      {"lambda", "UpdateFunctionCode", "ResourceConflictException",
       "The operation cannot be performed at this time. An update is in progress for resource: arn", 409, true},
      {"lambda", "AddPermission", "ResourceConflictException", "The statement id (s) provided already exists.", 409,
       false},
      {"lambda", "DeleteEventSourceMapping", "ResourceInUseException",
       "Cannot delete the event source mapping because it is in use.", 400, true},
      {"dynamodb", "CreateTable", "ResourceInUseException", "Table already exists: t", 400, false},
      {"dynamodb", "CreateTable", "ResourceInUseException",
       "Attempt to change a resource which is still in use: Table is being deleted: t", 400, true},
      {"dynamodb", "DeleteTable", "ResourceInUseException", "Table is being created: t", 400, true},
      {"iam", "PutRolePolicy", "NoSuchEntity", "The role with name r cannot be found.", 404, true},
      {"iam", "GetRole", "NoSuchEntity", "The role with name r cannot be found.", 404, false},
      {"iam", "DeleteRole", "DeleteConflict", "Cannot delete entity, must detach all policies first.", 409, true},
      {"s3", "CreateBucket", "OperationAborted", "A conflicting conditional operation is in progress", 409, true},
      {"s3", "CreateBucket", "BucketAlreadyExists", "The requested bucket name is not available.", 409, false},
      {"s3", "PutBucketNotificationConfiguration", "InvalidArgument",
       "Unable to validate the following destination configurations", 400, true},
      {"sqs", "CreateQueue", "QueueDeletedRecently", "You must wait 60 seconds", 400, true},
      {"sqs", "GetQueueAttributes", "QueueDoesNotExist", "The specified queue does not exist.", 400, false},
      {"iam", "GetRole", "Throttling", "Rate exceeded", 400, true},
      {"logs", "DescribeLogGroups", "ServiceUnavailableException", "", 503, true},
      {"logs", "DescribeLogGroups", "NotImplemented", "", 501, false},
      {"s3", "CreateBucket", "AccessDenied", "Access Denied", 403, false},
      {"s3", "CreateBucket", "ConnectionFailed", "", 0, false},
  };
  for (const Case& c : cases) {
    const base::AwsError error{.code = c.code, .message = c.message, .http_status = c.status};
    EXPECT_EQ(not_yet(c.service, c.operation, error).has_value(), c.passes) << c.operation << " " << c.code;
  }
  EXPECT_TRUE(role_not_yet(role_refused()).has_value());
  EXPECT_FALSE(role_not_yet({.code = invalid, .message = "Could not unzip uploaded file."}).has_value());
}

TEST(Patience, PausesGrowAndTheWaitIsTold) {
  Bed bed;
  bed.answer = [](std::string_view, int nth, void*, void*) -> base::Result<void> {
    if (nth > 12) return {};
    return base::fail({.code = "Throttling", .message = "Rate exceeded"});
  };
  bed.patience.begin("role shop-ingest");
  aws::Context context = bed.site.call();
  EXPECT_TRUE(bed.site.services.iam.get_role(context, {}).has_value());
  ASSERT_EQ(bed.pauses.size(), 12U);
  for (std::size_t i = 0; i < bed.pauses.size(); ++i) {
    const base::Duration bound = std::min<base::Duration>(20ms * (1 << i), 2s);
    EXPECT_LE(bed.pauses[i], bound) << i;
    EXPECT_GE(bed.pauses[i], bound * 3 / 4) << i;
  }
  ASSERT_EQ(bed.told.size(), 1U);
  EXPECT_EQ(bed.told.front(), "role shop-ingest: the service limits how often it is called");
}

TEST(Patience, AMomentIsNotTold) {
  Bed bed;
  bed.answer = [](std::string_view, int nth, void*, void*) -> base::Result<void> {
    if (nth > 4) return {};
    return base::fail({.code = "OperationAborted", .message = "", .http_status = 409});
  };
  aws::Context context = bed.site.call();
  EXPECT_TRUE(bed.site.services.s3.create_bucket(context, {}).has_value());
  EXPECT_TRUE(bed.told.empty()) << bed.told.front();
}

TEST(Patience, EndsWithTheCauseAndHowLongItWas) {
  Bed bed;
  bed.answer = [](std::string_view, int, void*, void*) {
    return base::fail({.code = "OperationAborted", .message = "A conflicting operation", .http_status = 409});
  };
  aws::Context context = bed.site.call();
  const auto failed = bed.site.services.s3.create_bucket(context, {});
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, "OperationAborted");
  for (const std::string_view part : {"CreateBucket: A conflicting operation", "another operation on the bucket", "12",
                                      " s to pass", "the same command goes on from here"})
    EXPECT_NE(failed.error().message.find(part), std::string::npos) << failed.error().message;
  EXPECT_GE(bed.passed(), 2min);
  EXPECT_LE(bed.passed(), 2min + 2s);
  EXPECT_LT(bed.calls["CreateBucket"], 85) << "one each two seconds at last";
  EXPECT_EQ(bed.told.size(), 4U) << "at once and each half minute";
}

TEST(Patience, ASignalEndsIt) {
  Bed bed;
  bed.interrupted_after = 3s;
  bed.answer = [](std::string_view, int, void*, void*) {
    return base::fail({.code = "OperationAborted", .message = "", .http_status = 409});
  };
  aws::Context context = bed.site.call();
  const auto failed = bed.site.services.s3.create_bucket(context, {});
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, kInterrupted);
  EXPECT_LE(bed.passed(), 6s);
  EXPECT_EQ(bed.patience.wait_until("it", [] { return base::Result<bool>(false); }).error().code, kInterrupted);
  EXPECT_FALSE(bed.patience.check().has_value());
}

// Lambda with one function, of which it takes some looks to be made.
struct FakeFunction {
  int refusals = 0;  // of CreateFunction, because of its role
  std::string code = {};
  std::string tag = {};
  std::size_t bytes_sent = 0;
  int looks = 0;  // since the last change

  base::Result<void> operator()(std::string_view operation, int nth, void* in, void* out) {
    if (operation == "CreateFunction") {
      auto& create = *static_cast<aws::lambda::CreateFunctionRequest*>(in);
      bytes_sent += create.code->zip_file->size();
      if (nth <= refusals) return base::fail(role_refused());
      code = *create.code->zip_file;
      tag = *create.tags->find("tillstream:code-sha256");
      looks = 0;
    } else if (operation == "UpdateFunctionCode") {
      if (looks < 3)
        return base::fail({.code = "ResourceConflictException", .message = "An update is in progress for"});
      code = *static_cast<aws::lambda::UpdateFunctionCodeRequest*>(in)->zip_file;
      bytes_sent += code.size();
      looks = 0;
    } else if (operation == "TagResource") {
      tag = *static_cast<aws::lambda::TagResourceRequest*>(in)->tags->find("tillstream:code-sha256");
    } else if (operation == "GetFunctionConfiguration") {
      if (++looks == 1) return base::fail({.code = "ResourceNotFoundException", .message = "", .http_status = 404});
      auto& now = *static_cast<aws::lambda::FunctionConfiguration*>(out);
      now.state = looks < 3 ? "Pending" : "Active";
      now.last_update_status = looks < 3 ? "InProgress" : "Successful";
    }
    return {};
  }
};

TEST(Function, ItsCodeIsSentTwiceAtMost) {
  const std::string zip(2 << 20, 'z');
  for (const int refusals : {0, 1, 15}) {
    Bed bed;
    FakeFunction lambda{.refusals = refusals};
    bed.answer = std::ref(lambda);
    const auto function = make_function(bed.site, {.name = "shop-ingest", .zip = zip, .handler = "ingest"});
    const auto created = function->create();
    ASSERT_TRUE(created.has_value()) << created.error().message;
    EXPECT_EQ(lambda.code, zip);
    EXPECT_EQ(lambda.tag, base::base64_encode(base::sha256(zip))) << refusals;
    EXPECT_EQ(lambda.bytes_sent / zip.size(), refusals == 0 ? 1U : 2U) << refusals;
    EXPECT_LT(lambda.bytes_sent % zip.size(), 16U * 200) << "what is sent while its role is unknown is small";
    EXPECT_EQ(bed.calls["CreateFunction"], refusals + 1);
  }
}

TEST(Function, APlaceholderThatStaysIsOfTill) {
  Bed bed;
  FakeFunction lambda{.refusals = 1 << 20};
  bed.answer = std::ref(lambda);
  const std::string zip(1 << 20, 'z');
  const auto function = make_function(bed.site, {.name = "shop-ingest", .zip = zip, .handler = "ingest"});
  const auto created = function->create();
  ASSERT_FALSE(created.has_value());
  EXPECT_EQ(created.error().code, "InvalidParameterValueException");
  EXPECT_NE(created.error().message.find("Lambda cannot assume its role yet"), std::string::npos);
  EXPECT_LE(lambda.bytes_sent, zip.size() + 100 * 200);
}

TEST(Table, WaitsBetweenItsStates) {
  Bed bed;
  int looks = 0;
  bed.answer = [&](std::string_view operation, int nth, void* in, void* out) -> base::Result<void> {
    if (operation == "CreateTable") {
      const auto& create = *static_cast<aws::dynamodb::CreateTableInput*>(in);
      EXPECT_EQ(create.table_name, "shop-orders") << "the same input each time";
      EXPECT_EQ(create.key_schema.value().at(0).attribute_name, "transaction_id");
    }
    if (operation == "CreateTable" && nth <= 3)
      return base::fail({.code = "ResourceInUseException", .message = "Table is being deleted: shop-orders"});
    if (operation != "DescribeTable") return {};
    if (++looks <= 2)  // DescribeTable is eventually consistent
      return base::fail({.code = "ResourceNotFoundException", .message = "not found", .http_status = 400});
    static_cast<aws::dynamodb::DescribeTableOutput*>(out)->table.emplace().table_status =
        looks < 6 ? "CREATING" : "ACTIVE";
    return {};
  };
  const auto table = make_table(bed.site, {.name = "shop-orders", .key = "transaction_id"});
  const auto created = table->create();
  ASSERT_TRUE(created.has_value()) << created.error().message;
  EXPECT_EQ(bed.calls["CreateTable"], 4);
  EXPECT_EQ(looks, 6);
}

TEST(Table, ThatIsBeingDeletedIsNone) {
  Bed bed;
  bed.answer = [](std::string_view operation, int, void*, void* out) -> base::Result<void> {
    if (operation == "DescribeTable")
      static_cast<aws::dynamodb::DescribeTableOutput*>(out)->table.emplace().table_status = "DELETING";
    return {};
  };
  const auto table = make_table(bed.site, {.name = "shop-orders", .key = "transaction_id"});
  EXPECT_EQ(compare(*table).value().action, Action::create);
}

TEST(Bucket, WhatCouldNotBeRemovedIsRemovedLater) {
  Bed bed;
  int objects = 3;
  bed.answer = [&](std::string_view operation, int nth, void*, void* out) -> base::Result<void> {
    if (operation == "ListObjectsV2") {
      auto& listed = *static_cast<aws::s3::ListObjectsV2Output*>(out);
      for (int i = 0; i < objects; ++i) listed.contents.emplace().emplace_back().key = "k";
    } else if (operation == "DeleteObjects" && nth <= 3) {
      auto& first = static_cast<aws::s3::DeleteObjectsOutput*>(out)->errors.emplace().emplace_back();
      first.code = nth <= 2 ? "InternalError" : "AccessDenied";
      first.key = "k";
    } else if (operation == "DeleteObjects") {
      objects = 0;
    } else if (operation == "DeleteBucket" && nth == 1) {
      objects = 1;
      return base::fail({.code = "BucketNotEmpty", .message = "", .http_status = 409});
    }
    return {};
  };
  const auto bucket = make_bucket(bed.site, "shop-orders");
  EXPECT_EQ(bucket->remove().error().code, "AccessDenied") << "that does not pass";
  EXPECT_EQ(bed.calls["DeleteObjects"], 3);
  EXPECT_TRUE(bucket->remove().has_value());
  EXPECT_EQ(bed.calls["DeleteBucket"], 2);
}

// The services with nothing in them but what `names` says of each operation: the queue that a list still shows.
struct LaggingQueue {
  int lags = 0;  // looks for which ListQueues shows the queue
  base::Result<void> operator()(std::string_view operation, int nth, void* /*in*/, void* out) const {
    const base::AwsError absent{.code = "ResourceNotFoundException", .message = "", .http_status = 404};
    if (operation == "ListQueues") {
      auto& listed = *static_cast<aws::sqs::ListQueuesResult*>(out);
      if (nth <= lags) listed.queue_urls = {"https://sqs.eu-west-1.amazonaws.com/111122223333/shop-orders"};
      return {};
    }
    if (operation.starts_with("List") && operation != "ListRolePolicies" && operation != "ListAttachedRolePolicies")
      return {};
    if (operation == "DescribeAlarms" || operation == "DescribeLogGroups") return {};
    return base::fail(absent);
  }
};

std::unique_ptr<Stack> make_stack(Bed& bed) {
  StackOptions options;
  options.name = "shop";
  options.account = "111122223333";
  options.region = "eu-west-1";
  options.wait_hooks.pause = [&bed](base::Duration how_long) {
    bed.env.clock.advance(how_long);
    return bed.passed() < bed.interrupted_after;
  };
  return std::make_unique<Stack>(bed.services(), bed.env.env, std::move(options));
}

TEST(StackDown, LooksUntilTheListsAgree) {
  Bed bed;
  bed.answer = LaggingQueue{.lags = 6};
  const auto stack = make_stack(bed);
  std::map<std::string, int> said;
  ASSERT_TRUE(stack->down([&](const Step& step) { ++said[step.what]; }).has_value());
  EXPECT_EQ(said.size(), 1U);
  EXPECT_GT(said["absent"], 30);
  const auto left = stack->settle();
  ASSERT_TRUE(left.has_value()) << left.error().message;
  EXPECT_TRUE(left->empty()) << left->front().name;
  EXPECT_EQ(bed.calls["ListQueues"], 8) << "two looks in a row that show nothing";
}

TEST(StackDown, SaysWhatStaysListed) {
  Bed bed;
  bed.answer = LaggingQueue{.lags = 1 << 20};
  const auto stack = make_stack(bed);
  ASSERT_TRUE(stack->down([](const Step&) {}).has_value());
  const auto left = stack->settle();
  ASSERT_TRUE(left.has_value()) << left.error().message;
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().name, "shop-orders");
  EXPECT_GE(bed.passed(), 2min);
  bed.interrupted_after = bed.passed();
  EXPECT_EQ(stack->settle().error().code, kInterrupted);
  EXPECT_EQ(stack->down([](const Step&) {}).error().code, kInterrupted);
}

TEST(StackDown, KeepsDataIfAsked) {
  Bed bed;
  const auto stack = make_stack(bed);
  std::map<std::string, int> kinds;
  bed.answer = LaggingQueue{};
  ASSERT_TRUE(stack->down([&](const Step& step) { ++kinds[step.kind]; }, Stack::Keep::data).has_value());
  EXPECT_EQ(kinds.count("table"), 0U);
  EXPECT_EQ(kinds.count("bucket"), 0U);
  EXPECT_EQ(kinds["queue"], 4);
  EXPECT_EQ(bed.calls["DeleteBucket"] + bed.calls["DeleteTable"] + bed.calls["ListObjectsV2"], 0);
  EXPECT_TRUE(stack->keeps({"table", "shop-orders", ""}));
  EXPECT_FALSE(stack->keeps({"table", "shop-mine", ""}));
}

TEST(StackUp, NamesTheMailsThatWaitForTheirOwners) {
  Bed bed;
  StackOptions options;
  options.name = "shop";
  options.account = "111122223333";
  options.region = "eu-west-1";
  options.emails = {"a@b.example"};
  options.webhooks = {"https://hook.example"};
  Stack stack(bed.services(), bed.env.env, std::move(options));
  bed.answer = [](std::string_view operation, int, void* in, void* out) -> base::Result<void> {
    if (operation != "ListSubscriptionsByTopic") return {};
    const auto& list = *static_cast<aws::sns::ListSubscriptionsByTopicInput*>(in);
    auto& page = static_cast<aws::sns::ListSubscriptionsByTopicResponse*>(out)->subscriptions.emplace();
    auto& mail = page.emplace_back();
    mail.protocol = "email";
    mail.endpoint = "a@b.example";
    const bool is_large = list.topic_arn->ends_with("-large-orders");
    mail.subscription_arn = is_large ? "PendingConfirmation" : "arn:aws:sns:eu-west-1:111122223333:shop-alarms:1";
    auto& hook = page.emplace_back();
    hook.protocol = "https";
    hook.endpoint = "https://hook.example";
    hook.subscription_arn = "PendingConfirmation";
    return {};
  };
  const auto pending = stack.pending_confirmations();
  ASSERT_TRUE(pending.has_value());
  EXPECT_EQ(*pending, std::vector<std::string>{"shop-large-orders -> a@b.example"});
}

}  // namespace
}  // namespace pipeline
