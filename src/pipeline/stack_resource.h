// Resource: one AWS resource of the stack as it should be, and what can be done about it: look at it, make it, mend it,
// remove it. `till plan`, `up`, `down` and `status` are loops over a list of these (stack.h), so that a kind of
// resource is written down once. Owned by whoever made the list; used from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/context.h"
#include "aws/shape.h"
#include "base/env.h"
#include "base/result.h"
#include "pipeline/patience.h"

namespace aws::s3 {
class S3;
}
namespace aws::sqs {
class Sqs;
}
namespace aws::sns {
class Sns;
}
namespace aws::lambda {
class Lambda;
}
namespace aws::dynamodb {
class DynamoDb;
}
namespace aws::iam {
class Iam;
}
namespace aws::sts {
class Sts;
}
namespace aws::logs {
class Logs;
}
namespace aws::cloudwatch {
class CloudWatch;
}

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
  aws::cloudwatch::CloudWatch& cloudwatch;
};

// One thing about a resource that can be compared. A `fixed` one can only be had by making the resource anew.
struct Property {
  std::string name;
  std::string value;
  bool fixed = false;
};
using Properties = std::vector<Property>;
using Tags = std::vector<std::pair<std::string, std::string>>;

struct ResourceSpec;  // stack_kinds.h

class Resource {
 public:
  Resource(std::string kind, std::string name) : kind_(std::move(kind)), name_(std::move(name)) {}
  virtual ~Resource() = default;
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;

  [[nodiscard]] const std::string& kind() const { return kind_; }  // "queue"
  [[nodiscard]] const std::string& name() const { return name_; }  // "tillstream-orders"
  // Whether making it anew loses what users have put into it.
  [[nodiscard]] virtual bool holds_data() const { return false; }
  // What it is made from, for those who write it down for other tools (template.h). Views in it live as the resource.
  [[nodiscard]] virtual ResourceSpec spec() const = 0;
  // The tags it is made with.
  [[nodiscard]] virtual Tags tags() const { return {}; }

  // What it should be. describe() answers at least these names of one that exists, and nullopt (or an error that
  // is_absent knows) if there is none.
  [[nodiscard]] virtual Properties wanted() const = 0;
  virtual base::Result<std::optional<Properties>> describe() = 0;
  // REQUIRES: it does not exist. Returns once others can use it.
  virtual base::Result<void> create() = 0;
  // REQUIRES: it exists. Makes everything about it as wanted that is not fixed.
  virtual base::Result<void> change() { return {}; }
  // Removes it with what is in it. An error that is_absent knows if it does not exist.
  virtual base::Result<void> remove() = 0;

 private:
  const std::string kind_;
  const std::string name_;
};
using Resources = std::vector<std::unique_ptr<Resource>>;

// Where a stack stands, and how its parts are called. A value with references that outlive it.
struct Site {
  Services services;  // their calls wait for what is only not there yet
  Patience& patience;
  base::Env& env;
  std::string stack;  // prefix of every name
  std::string account;
  std::string region;

  [[nodiscard]] std::string name(std::string_view what) const { return stack + "-" + std::string(what); }
  [[nodiscard]] std::string arn(std::string_view service, std::string_view resource) const;
  [[nodiscard]] std::string queue_url(std::string_view queue_name) const;
  [[nodiscard]] std::string topic_arn(std::string_view topic_name) const { return arn("sns", topic_name); }
  // The context for one call: of the account's root, at this time.
  [[nodiscard]] aws::Context call() const;
};

// Whether the error says that the resource (or what it is part of) does not exist.
bool is_absent(const base::AwsError& error);

}  // namespace pipeline
