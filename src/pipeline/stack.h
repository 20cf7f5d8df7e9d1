// Stack: everything the pipeline stands on, as AWS resources: what `till up` makes, `till down` removes and `till
// status` looks at. All of it through the AWS API, so it is the same on one machine and on AWS. Safe from one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/context.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "pipeline/config.h"

namespace pipeline {

// The services a stack is made of. References, outliving the stack.
struct Services {
  aws::s3::S3& s3;
  aws::sqs::Sqs& sqs;
  aws::sns::Sns& sns;
  aws::lambda::Lambda& lambda;
  aws::dynamodb::DynamoDb& dynamodb;
  aws::iam::Iam& iam;
  aws::sts::Sts& sts;
  aws::logs::Logs& logs;
};

struct StackOptions {
  std::string name = "tillstream";  // prefix of every resource
  std::string account;              // 12 digits
  std::string region;
  base::Decimal large_order_threshold = base::Decimal::from_integer(50'000);
  std::vector<std::string> emails;   // subscribed to large orders
  int32_t maximum_concurrency = 16;  // process functions at once
  // Deployment packages (zip bytes) of the three functions.
  std::string ingest_zip;
  std::string process_zip;
  std::string sweep_zip;
};

// One resource and what happened to it, for people: {"queue", "tillstream-orders", "created"}.
struct Step {
  std::string kind;
  std::string name;
  std::string what;  // created, unchanged, updated, deleted, absent
};

class Stack {
 public:
  using Report = std::function<void(const Step&)>;
  Stack(Services services, base::Env& env, StackOptions options);

  // Makes what is missing and leaves the rest; calling it again changes nothing. Stops at the first failure, which
  // names the resource; calling it again goes on from there.
  base::Result<void> up(const Report& report);
  // Removes every resource of the stack, in the order their dependencies allow, whatever is already gone; with the
  // bucket go its objects.
  base::Result<void> down(const Report& report);
  // What exists now, by asking every service's List or Describe call; empty after down().
  base::Result<std::vector<Step>> list();

  // Names, URLs and ARNs of this stack's resources.
  [[nodiscard]] PipelineConfig config() const;
  [[nodiscard]] std::string queue_url(std::string_view what) const;
  [[nodiscard]] const StackOptions& options() const { return options_; }

 private:
  struct Function;
  [[nodiscard]] std::vector<Function> functions() const;
  [[nodiscard]] std::string arn(std::string_view service, std::string_view resource) const;
  [[nodiscard]] std::string name(std::string_view what) const { return options_.name + "-" + std::string(what); }
  [[nodiscard]] aws::Context call() const;

  base::Result<void> up_tables(const Report& report);
  base::Result<void> wait_for_table(const std::string& table);
  base::Result<void> up_queues(const Report& report);
  base::Result<void> up_queue(const Report& report, std::string_view what, aws::Map<std::string> attributes);
  base::Result<void> up_topic(const Report& report);
  base::Result<void> up_bucket(const Report& report);
  base::Result<void> up_role(const Report& report, const Function& function);
  base::Result<void> up_function(const Report& report, const Function& function);
  base::Result<void> update_function(const Report& report, const Function& function);
  base::Result<void> wait_for_function(const std::string& name);
  base::Result<void> up_mapping(const Report& report, std::string_view queue, std::string_view function,
                                std::optional<int32_t> maximum_concurrency);
  base::Result<void> up_notification(const Report& report);

  base::Result<void> down_mappings(const Report& report);
  base::Result<void> down_functions(const Report& report);
  base::Result<void> down_bucket(const Report& report);
  base::Result<void> empty_bucket();
  base::Result<void> down_rest(const Report& report);
  base::Result<void> down_role(const Report& report, const std::string& role);
  base::Result<void> list_mappings(std::vector<Step>& found);
  base::Result<void> list_messaging(std::vector<Step>& found);
  base::Result<void> list_rest(std::vector<Step>& found);

  // Polls `ready` with a short pause until it answers true; fails after a minute.
  base::Result<void> wait_until(const std::string& what, const std::function<base::Result<bool>()>& ready);

  Services services_;
  base::Env& env_;
  const StackOptions options_;
};

}  // namespace pipeline
