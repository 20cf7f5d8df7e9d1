#include "engine/sqs/tags.h"

#include "aws/sqs/errors.h"
#include "engine/tags.h"

namespace engine::sqs {

base::Result<void> check_tags(const aws::Map<std::string>& tags, const std::string& name) {
  const std::optional<TagFault> fault = find_tag_fault(tags);
  if (!fault) return {};
  const auto refuse = [](std::string message) {
    return base::fail(aws::sqs::errors::invalid_parameter_value_exception(std::move(message)));
  };
  switch (fault->kind) {
    case TagFault::Kind::too_many:
      return refuse("Too many tags added for queue " + name + ".");
    case TagFault::Kind::key_length:
      return refuse("Tag keys must be between 1 and 128 characters in length.");
    case TagFault::Kind::value_length:
      return refuse("Tag values must be between 0 and 256 characters in length.");
    case TagFault::Kind::reserved_key:
      break;
  }
  return refuse("Tag keys cannot start with the reserved prefix 'aws:'.");
}

}  // namespace engine::sqs
