#include "engine/sqs/batch.h"

#include <algorithm>

#include "aws/sqs/errors.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;

bool is_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= kBatchEntryIdLengthMax && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

base::Result<void> check_batch_ids(const std::vector<std::string_view>& ids, std::string_view entry_type) {
  if (ids.empty()) {
    return base::fail(
        errors::empty_batch_request("There should be at least one " + std::string(entry_type) + " in the request."));
  }
  if (ids.size() > kBatchEntriesMax) {
    return base::fail(errors::too_many_entries_in_batch_request(
        "Maximum number of entries per request are 10. You have sent " + std::to_string(ids.size()) + "."));
  }
  if (!std::ranges::all_of(ids, is_entry_id)) {
    return base::fail(
        errors::invalid_batch_entry_id("A batch entry id can only contain alphanumeric characters, "
                                       "hyphens and underscores. It can be at most 80 letters long."));
  }
  for (auto id = ids.begin(); id != ids.end(); ++id) {
    if (std::find(ids.begin(), id, *id) != id) {
      return base::fail(errors::batch_entry_ids_not_distinct("Id " + std::string(*id) + " repeated."));
    }
  }
  return {};
}

aws::sqs::BatchResultErrorEntry failed_entry(std::string id, base::AwsError error) {
  aws::sqs::BatchResultErrorEntry out;
  out.id = std::move(id);
  out.sender_fault = error.fault == base::Fault::sender;
  out.code = error.query_code.empty() ? std::move(error.code) : std::move(error.query_code);
  out.message = std::move(error.message);
  return out;
}

}  // namespace engine::sqs
