// One scalar value as text outside JSON: an XML element, a form value, a header, a query string or a URI label. Shared
// by the query, rest and XML code. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/shape.h"

namespace aws::codec {

// How much of a timestamp ISO 8601 text shows.
enum class IsoDates : uint8_t {
  seconds,    // 2024-01-01T00:00:00Z: IAM and STS (protocols.md 4.8 item 2)
  as_needed,  // milliseconds only if there are any: SNS, SQS, CloudWatch
  s3,         // 2024-01-01T00:00:00.000Z, cut to the second as S3 does (protocols.md 4.5 item 10)
};

// The format of a timestamp: the member's, else the type's, else the location's default.
TimestampFormat timestamp_format(TimestampFormat of_member, const TypeDesc& type, TimestampFormat of_location);

// Appends a finite number by the fewest digits that read back as it is, with a fraction as Java prints it: 1.0, not 1.
// (By {fmt}: the tables of libstdc++'s std::to_chars make a program 130 KB larger.)
void append_finite(double number, std::string& out);

// Appends the value, not escaped. REQUIRES: `type` is neither list, map nor structure.
void append_scalar(const TypeDesc& type, TimestampFormat format, IsoDates dates, const void* value, std::string& out);

// Fills `value` from `text`; false if the text is no value of the type. Timestamps are taken in any of the three
// formats, as AWS does; booleans in any case; base64 strictly.
bool parse_scalar(const TypeDesc& type, std::string_view text, void* value);

// The word for the type in AWS's messages: "Integer", "Boolean", ...
std::string_view scalar_word(const TypeDesc& type);

}  // namespace aws::codec
