// The data directory that a command is given: whether it is this program's, or may become it. Nothing in a directory
// that is not ours is touched, and a command that only looks makes none. Functions; safe from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace cli {

// Of what this version keeps in a data directory; what has a larger one was written by a later version.
inline constexpr uint64_t kDataFormat = 1;

// Absolute, without a slash at the end.
std::string absolute_directory(const std::string& directory);

// Whether there is one of ours at `directory`; false: nothing is there, or an empty directory. The error is one
// sentence for people: it names what is there and is not ours. Changes nothing.
std::expected<bool, std::string> has_data(const std::string& directory);

// Makes `directory` ours if it is not there, is empty, or was made by a build that did not mark its directories.
std::expected<void, std::string> claim_data_directory(const std::string& directory);

}  // namespace cli
