// Which part of an object a request wants, and under which conditions: Range, partNumber, If-*. Rules and texts:
// protocols.md 4.5 items 11 and 12; RFC 9110, sections 13 and 14. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "engine/s3/object_record.h"

namespace engine::s3 {

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;  // exclusive
};

// nullopt: the whole object, because S3 ignores a range that it does not understand. Fails with InvalidRange.
base::Result<std::optional<ByteRange>> parse_range(std::string_view range, uint64_t size);
// The bytes of one part; an object from a single PUT is part 1. Fails with InvalidPartNumber.
base::Result<ByteRange> range_of_part(const ObjectRecord& object, int32_t part_number);

struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<base::Timestamp> if_modified_since;
  std::optional<base::Timestamp> if_unmodified_since;
};
// Fails with PreconditionFailed or NotModified; for the source of a copy, which knows no 304, always with the former.
// An If-Modified-Since after `now` does not count (RFC 9110 13.1.3).
base::Result<void> check_read(const ReadConditions& conditions, const ObjectRecord& object, base::Timestamp now,
                              bool copy_source);

// The conditions of a write, against what the key holds now. Fails with PreconditionFailed, with NoSuchKey for an
// If-Match on nothing, and with NotImplemented for an If-None-Match other than "*".
base::Result<void> check_write(const std::optional<std::string>& if_match,
                               const std::optional<std::string>& if_none_match,
                               const std::optional<ObjectRecord>& current, std::string_view key);

// Whether the list of entity tags in a header contains `etag` (given without quotes) or is "*".
bool etag_listed(std::string_view header, std::string_view etag);
base::AwsError precondition_failed(std::string_view condition);

}  // namespace engine::s3
