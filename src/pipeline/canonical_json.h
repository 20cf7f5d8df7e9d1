// CanonicalRecord: a JSON object in the one spelling that all its spellings share, and what stands at the places in it
// that somebody asks for, found in the same pass. Pure; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/field_path.h"
#include "pipeline/rejection.h"

namespace pipeline {

struct FoundValue {
  enum class Kind : uint8_t { absent, null, boolean, number, string, object, array } kind = Kind::absent;
  std::string text;  // of a string its characters; of a number in its normal form; else empty

  // Neither null nor an empty string.
  [[nodiscard]] bool is_there() const {
    return kind != Kind::absent && kind != Kind::null && !(kind == Kind::string && text.empty());
  }
};

struct WantedValue {
  FieldPath path;
  bool is_number = false;  // a string there that spells a plain number counts as that number
};

struct CanonicalRecord {
  std::string text;               // members sorted, numbers in normal form, no white space
  std::vector<FoundValue> found;  // of each wanted value
  std::size_t members = 0;        // of the record itself
};

constexpr std::size_t kRecordDepthMax = 32;

// The rejection is JSON_SYNTAX (also for a repeated key: readers disagree about which one counts), SCHEMA_TYPE if
// `json` is no object, or TOO_LARGE if it is nested deeper than kRecordDepthMax.
std::expected<CanonicalRecord, Rejection> canonicalise(std::string_view json, std::span<const WantedValue> wanted);

}  // namespace pipeline
