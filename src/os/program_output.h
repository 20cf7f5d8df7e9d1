// Runs a program of the user's for what it writes, such as one that hands out credentials.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace os {

struct ProgramPatience {
  std::chrono::milliseconds at_most = std::chrono::minutes(5);
  // `tell` is called once when the program runs for longer: its user may be asked something, or wonder.
  std::chrono::milliseconds tell_after = std::chrono::seconds(5);
  std::function<void()> tell = {};
};

// What the program has written to its standard output when it has ended with code 0, whoever else still holds that
// open. The first of `arguments` is its name, looked for in PATH; its standard input is this process's, its standard
// error too if that is a terminal (else it goes nowhere: a log is no place for what such programs say), and so is its
// process group, so that it may ask on the terminal. It is ended with the calling thread. The error is one
// sentence for people: it cannot be run, has ended otherwise, has not ended in time and was ended, or has written more
// than 1 MiB.
std::expected<std::string, std::string> program_output(const std::vector<std::string>& arguments,
                                                       const ProgramPatience& patience = {});

}  // namespace os
