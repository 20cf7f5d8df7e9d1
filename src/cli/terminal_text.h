// What a terminal may be shown of text that others have written: file names, records, messages of services. Pure.
#pragma once

#include <string>
#include <string_view>

namespace cli {

// `text` with what would steer the terminal, or turn its letters round, spelled out: "\\x1b", "\\u202e". Line ends and
// tabs stay.
std::string for_terminal(std::string_view text);

}  // namespace cli
