// Runs a program of the user's for what it writes, such as one that hands out credentials.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace os {

// What the program has written to its standard output when it has ended with code 0. The first of `arguments` is its
// name, looked for in PATH; its standard input and error are this process's. The error is one sentence for people: it
// cannot be run, has ended otherwise, has not ended within 5 minutes and was killed, or has written more than 1 MiB.
std::expected<std::string, std::string> program_output(const std::vector<std::string>& arguments);
// The same with another patience.
std::expected<std::string, std::string> program_output_within(const std::vector<std::string>& arguments,
                                                              std::chrono::seconds patience);

}  // namespace os
