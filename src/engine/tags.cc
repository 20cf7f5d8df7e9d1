#include "engine/tags.h"

namespace engine {

std::optional<TagFault> find_tag_fault(const aws::Map<std::string>& tags) {
  if (tags.size() > kTagsMax) return TagFault{TagFault::Kind::too_many, ""};
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kTagKeyLengthMax) return TagFault{TagFault::Kind::key_length, key};
    if (value.size() > kTagValueLengthMax) return TagFault{TagFault::Kind::value_length, key};
    if (key.starts_with("aws:")) return TagFault{TagFault::Kind::reserved_key, key};
  }
  return std::nullopt;
}

}  // namespace engine
