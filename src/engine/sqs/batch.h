// What the three batch operations have in common: the checks on the list of entries, and a failed entry's answer.
// Pure functions, safe from any thread. Order and texts: protocols.md 4.1 item 12.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sqs/shapes.h"
#include "base/result.h"

namespace engine::sqs {

// Fails unless there are 1 to 10 ids, all well formed and different. `entry_type` is the shape's name.
base::Result<void> check_batch_ids(const std::vector<std::string_view>& ids, std::string_view entry_type);

// How `error` looks as the answer of one entry.
aws::sqs::BatchResultErrorEntry failed_entry(std::string id, base::AwsError error);

template <class Entry>
base::Result<void> check_batch(const std::optional<std::vector<Entry>>& entries, std::string_view entry_type) {
  std::vector<std::string_view> ids;
  if (entries) {
    for (const Entry& entry : *entries) ids.push_back(entry.id ? std::string_view(*entry.id) : std::string_view());
  }
  return check_batch_ids(ids, entry_type);
}

}  // namespace engine::sqs
