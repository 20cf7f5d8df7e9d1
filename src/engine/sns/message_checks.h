// What a message must be to be published. Pure functions. Rules and texts: protocols.md 4.2 items 9 to 11.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/sns/records.h"

namespace engine::sns {

// Message, subject and attributes, which are all of a Publish or of one entry of a PublishBatch.
struct OutgoingMessage {
  std::string message;
  std::optional<std::string> subject = {};
  std::optional<std::string> message_group_id = {};
  MessageAttributes attributes = {};
  std::map<std::string, std::string, std::less<>> by_protocol = {};  // of MessageStructure json

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] const std::string& text_for(std::string_view protocol) const;
};

// `In` is PublishInput or PublishBatchRequestEntry, whose place in the batch (the first is 1) is `position`.
template <class In>
base::Result<OutgoingMessage> read_message(In in, std::size_t position = 0);

// "Invalid parameter: <text>".
std::unexpected<base::AwsError> invalid_parameter(std::string_view text);

}  // namespace engine::sns
