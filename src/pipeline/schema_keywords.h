// The keywords of JSON Schema that are checked, for record_schema.cc and its reader alone, since it brings along
// nlohmann's JSON. Pure; safe from any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pipeline {

// Names that valijson's own keywords of these names get in a schema, since record_schema.cc checks them in its place:
// valijson's patterns recurse once for each character of a text, and its multiples know no decimal fractions.
inline constexpr const char* kPatternKeyword = "till:pattern";
inline constexpr const char* kMultipleKeyword = "till:multipleOf";

// Whether "$schema" says so.
bool is_of_draft_4(const nlohmann::json& schema);

// The pattern that a text of this format matches; null if the format is not known.
const char* pattern_of_format(const std::string& format);
// The format that this is the pattern of; empty if of none.
std::string_view format_of_pattern(std::string_view pattern);

// Goes through the schema and all that is in it and replaces "pattern", "format" and "multipleOf" by the keywords
// above. Answers for people what in it would not be checked or would never end: a keyword, format or draft that is not
// known, a reference that leads nowhere, elsewhere or back to itself.
std::optional<std::string> prepare_schema(nlohmann::json& schema);

}  // namespace pipeline
