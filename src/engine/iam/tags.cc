#include "engine/iam/tags.h"

#include "aws/iam/errors.h"
#include "engine/iam/answers.h"
#include "engine/iam/limits.h"

namespace engine::iam {

namespace errors = aws::iam::errors;

std::vector<aws::iam::Tag> tags_shape(const Tags& tags) {
  std::vector<aws::iam::Tag> out;
  for (const auto& [key, value] : tags) out.push_back({.key = key, .value = value});
  return out;
}

base::Result<void> add_tags(const std::optional<std::vector<aws::iam::Tag>>& added, Tags& tags) {
  if (!added) return {};
  std::map<std::string, std::string> seen;
  for (const aws::iam::Tag& tag : *added) {
    if (!tag.key || !tag.value) return base::fail(absent(tag.key ? "tags.1.member.value" : "tags.1.member.key"));
    const std::string lower = lower_case(*tag.key);
    if (!seen.emplace(lower, *tag.key).second)
      return base::fail(
          errors::invalid_input_exception("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
    if (lower.starts_with("aws:"))
      return base::fail(errors::invalid_input_exception(
          "Tag keys beginning with \"aws:\" are reserved for system use and cannot be changed."));
    remove_tags({*tag.key}, tags);
    tags.emplace(*tag.key, *tag.value);
  }
  if (tags.size() <= kTagsMax) return {};
  return base::fail(errors::limit_exceeded_exception("The number of tags has reached the maximum limit."));
}

void remove_tags(const std::vector<std::string>& keys, Tags& tags) {
  for (const std::string& key : keys)
    std::erase_if(tags, [&key](const auto& entry) { return lower_case(entry.first) == lower_case(key); });
}

}  // namespace engine::iam
