// Changing one value in the text of a JSON document, and nothing else: whatever is not named keeps its spelling, above
// all its numbers. Pure; safe from any thread. REQUIRES everywhere: `json` is well formed (is_json).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "pipeline/field_path.h"

namespace pipeline {

// Whether the whole text is one JSON value that a record may have: nested no deeper than 32 levels, no key repeated in
// an object, numbers as long as they like.
bool is_json(std::string_view text);

// The text of the value at `path`. The error says for people why there is none: a step leads nowhere, or its key stands
// there more than once.
std::expected<std::string_view, std::string> json_at(std::string_view json, const FieldPath& path);

// `json` with `value`, the text of a JSON value, at `path`: in the place of what is there, as a new member of the
// object that the path without its last step leads to, or, if the last step is "-", at the end of the array. Everything
// on the way has to be there. The error as above.
std::expected<std::string, std::string> json_set(std::string_view json, const FieldPath& path, std::string_view value);

// The same document for people: a member or element a line, indented by two spaces.
std::string json_indented(std::string_view json);

}  // namespace pipeline
