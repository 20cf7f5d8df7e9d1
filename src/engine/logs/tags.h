// The rules for tags of log groups (CloudWatch Logs API reference, TagResource). Pure, safe from any thread.
#pragma once

#include <string>

#include "aws/shape.h"
#include "base/result.h"

namespace engine::logs {

// Fails unless all tags that log group `name` is to have are allowed: at most 50 (TooManyTagsException), keys of 1 to
// 128 and values of at most 256 bytes, and no key that begins with "aws:" (InvalidParameterException).
base::Result<void> check_tags(const aws::Map<std::string>& tags, const std::string& name);

}  // namespace engine::logs
