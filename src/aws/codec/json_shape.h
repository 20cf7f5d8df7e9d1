// JSON text <-> described shapes: the part that awsJson and rest-json share. Reading uses simdjson, writing appends to
// a string. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// Which of a member's names is the key: the model's (awsJson) or the wire name (rest-json).
enum class JsonNames { model, wire };

// What to do with keys and members that are not honoured.
enum class JsonStrictness {
  request,   // a present `unsupported` member is refused, an unknown key is skipped (as AWS does)
  response,  // both are skipped
};

// Objects and arrays inside one another. DynamoDB's 32 levels of attributes take two each, in an envelope of up to 7;
// what is deeper than 32 levels but not than this gets DynamoDB's own words.
constexpr std::size_t kJsonDepthMax = 96;

// Appends the object. Absent members are left out; timestamps are epoch seconds (with milliseconds if needed) unless
// the member says otherwise; blobs are base64.
void write_json(const StructDesc& desc, const void* object, JsonNames names, std::string& out);
// Appends `text` as a JSON string literal with quotes. `text` must be UTF-8 (invalid bytes become U+FFFD).
void write_json_string(std::string_view text, std::string& out);

// Fills `object` (freshly made) from `text`, which is checked whole: nesting at most kJsonDepthMax, valid UTF-8,
// nothing behind the document. null members are absent; of a repeated key the last one counts. A wrong type is an error
// with code "SerializationException" and AWS's text (protocols.md 4.3 item 1: "NUMBER_VALUE cannot be converted to
// String", "Start of structure or map found where not expected"). In a request, an unsupported member gives code
// "Unsupported" with its path as message (the codec renames it to the service's own words), and a union without exactly
// one member gives code "ValidationException" (protocols.md 4.3 item 6); of these two the first is reported, after the
// whole text was found free of other errors and `object` filled. With JsonNames::wire, members of the outermost
// structure that travel elsewhere (Location) are no keys of the text, and an unsupported member is absent if its value
// says nothing ({}, [], "", false, or a structure of such): so Terraform writes "none", and so Lambda takes it.
// `java_package` is given for a service (DynamoDB) whose errors name its Java types ("class java.lang.String", and its
// structures in that package) and the place of a union among ExpressionAttributeValues or in ExclusiveStartKey.
base::Result<void> read_json(const StructDesc& desc, std::string_view text, JsonNames names, JsonStrictness strictness,
                             void* object, std::string_view java_package = {});

}  // namespace aws::codec
