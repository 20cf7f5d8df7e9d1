// Words of a line, split as a POSIX shell does. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aws::client {

// Quotes, and backslashes: outside of quotes before anything, in double quotes before a double quote and a backslash.
// nullopt: a quote does not end, or nothing follows a backslash. As Python's shlex.split, by which botocore reads
// credential_process and the names of profiles.
std::optional<std::vector<std::string>> split_words(std::string_view text);

}  // namespace aws::client
