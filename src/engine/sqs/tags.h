// The refusals of tags of queues (SQS Developer Guide, "Amazon SQS cost allocation tags"). Pure, safe from any thread.
#pragma once

#include <string>

#include "aws/shape.h"
#include "base/result.h"

namespace engine::sqs {

// Fails with InvalidParameterValue unless all tags that queue `name` is to have are allowed (engine/tags.h).
base::Result<void> check_tags(const aws::Map<std::string>& tags, const std::string& name);

}  // namespace engine::sqs
