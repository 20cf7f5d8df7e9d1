// The tags of roles and policies: keys are found without regard to case, and keep the case that they were last given.
// Pure functions, safe from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/iam/shapes.h"
#include "base/result.h"

namespace engine::iam {

using Tags = std::map<std::string, std::string>;

std::vector<aws::iam::Tag> tags_shape(const Tags& tags);
// Fails, perhaps with some of them added, for keys that occur twice or are reserved, and for more than kTagsMax.
base::Result<void> add_tags(const std::optional<std::vector<aws::iam::Tag>>& added, Tags& tags);
void remove_tags(const std::vector<std::string>& keys, Tags& tags);

}  // namespace engine::iam
