// The lists that lag, of each service. Made once; see lagging_list.h.
#pragma once

#include <memory>
#include <vector>

#include "like_aws/conditions.h"

namespace aws::dynamodb {
class DynamoDb;
}
namespace aws::iam {
class Iam;
}
namespace aws::lambda {
class Lambda;
}
namespace aws::logs {
class Logs;
}
namespace aws::s3 {
class S3;
}
namespace aws::sns {
class Sns;
}
namespace aws::sqs {
class Sqs;
}

namespace like_aws {

// All references outlive the answers.
std::unique_ptr<Behaviour> lagging_queues(Conditions& conditions, aws::sqs::Sqs& sqs);
std::unique_ptr<Behaviour> lagging_topics(Conditions& conditions, aws::sns::Sns& sns);
std::unique_ptr<Behaviour> lagging_tables(Conditions& conditions, aws::dynamodb::DynamoDb& dynamodb);
std::unique_ptr<Behaviour> lagging_functions(Conditions& conditions, aws::lambda::Lambda& lambda);
std::unique_ptr<Behaviour> lagging_buckets(Conditions& conditions, aws::s3::S3& s3);
std::unique_ptr<Behaviour> lagging_log_groups(Conditions& conditions, aws::logs::Logs& logs);
std::unique_ptr<Behaviour> lagging_roles(Conditions& conditions, aws::iam::Iam& iam);

}  // namespace like_aws
