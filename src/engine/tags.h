// The rule for tags that AWS's services share ("Tag naming limits and requirements", AWS General Reference). Each
// service says in words of its own which part of it was broken. Pure, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "aws/shape.h"

namespace engine {

constexpr std::size_t kTagsMax = 50;  // of one resource
constexpr std::size_t kTagKeyLengthMax = 128;
constexpr std::size_t kTagValueLengthMax = 256;

struct TagFault {
  enum class Kind { too_many, key_length, value_length, reserved_key } kind;
  std::string key;  // the key it is about; empty for too_many
};

// What is wrong with the tags that one resource is to have, or nullopt: at most 50, keys of 1 to 128 and values of at
// most 256 bytes, and no key that begins with "aws:".
std::optional<TagFault> find_tag_fault(const aws::Map<std::string>& tags);

}  // namespace engine
