#include "engine/sqs/tags.h"

#include "aws/sqs/errors.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {

base::Result<void> check_tags(const aws::Map<std::string>& tags, const std::string& name) {
  const auto refuse = [](std::string message) {
    return base::fail(aws::sqs::errors::invalid_parameter_value_exception(std::move(message)));
  };
  if (tags.size() > kTagsMax) return refuse("Too many tags added for queue " + name + ".");
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kTagKeyLengthMax)
      return refuse("Tag keys must be between 1 and 128 characters in length.");
    if (value.size() > kTagValueLengthMax) return refuse("Tag values must be between 0 and 256 characters in length.");
    if (key.starts_with("aws:")) return refuse("Tag keys cannot start with the reserved prefix 'aws:'.");
  }
  return {};
}

}  // namespace engine::sqs
