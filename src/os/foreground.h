// A program that the user works with, on the terminal that this one has, while this one waits for it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace os {

// Runs `editor` (words of a shell: "code --wait") on a private file that holds `text`, and answers what is in the file
// afterwards. The file has mode 0600 and is gone when this returns. Ctrl-C is the editor's. The error is one sentence
// for people: no file can be made, the editor cannot be run or has ended with a code other than 0.
std::expected<std::string, std::string> edit(const std::string& editor, std::string_view text);

}  // namespace os
