// Checks of options, for CLI::Option::check(): what is wrong with the text, or nothing. Pure.
#pragma once

#include <string>

namespace cli {

// Of a file or a directory. An empty one is most likely a variable of a script that is not set; it does not mean that
// the option is not there.
inline std::string has_name(const std::string& path) {
  return path.empty() ? "it is empty: name a file or directory, or leave the option out" : "";
}

}  // namespace cli
