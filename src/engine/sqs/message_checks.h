// What a message must be to be sent, and the digests that AWS answers with. Pure functions, safe from any thread.
// Rules and texts: SQS API reference, SendMessage; protocols.md 1.4 and 4.1 items 10 to 20.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/sqs/shapes.h"
#include "base/result.h"
#include "engine/sqs/message.h"

namespace engine::sqs {

using SystemAttributes = aws::Map<aws::sqs::MessageSystemAttributeValue>;

// Body plus names, types and values of the attributes; what the size limits count.
std::size_t message_bytes(std::string_view body, const MessageAttributes* attributes);

// Fails with InvalidMessageContents unless the text is UTF-8 of characters that XML 1.0 can carry.
base::Result<void> check_characters(std::string_view text);
base::Result<void> check_attributes(const MessageAttributes& attributes);
// AWSTraceHeader, a String, is the only system attribute that can be sent.
base::Result<void> check_system_attributes(const SystemAttributes& attributes);
// MessageGroupId and MessageDeduplicationId (`parameter` names it): 1 to 128 letters, digits and punctuation.
base::Result<void> check_id(std::string_view parameter, std::string_view id);

// MD5, 16 raw bytes, of attributes in the order of their names (protocols.md 1.4).
std::string attributes_md5(const MessageAttributes& attributes);
std::string attributes_md5(const SystemAttributes& attributes);

// "Value <value> for parameter <parameter> is invalid. Reason: <reason>", the form of most refusals of SQS.
base::AwsError invalid_value(std::string_view value, std::string_view parameter, std::string_view reason);
base::AwsError missing_parameter(std::string_view parameter);

}  // namespace engine::sqs
