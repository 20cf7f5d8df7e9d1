// The process's standard streams as a program finds them at its start.
#pragma once

#include <optional>

namespace os {

// To be called first of all: a closed stream gets /dev/null, lest the first file that is opened becomes "standard
// output"; and writing into a closed pipe, or more into a file than ulimit -f allows, fails instead of ending the
// process.
void prepare_standard_streams();

// Whether it is a terminal.
bool stdout_is_terminal();
bool stderr_is_terminal();
// Whether standard input is one, so that somebody can answer a question.
bool input_is_terminal();
// Columns of the terminal that standard output is; nullopt if it is none.
std::optional<int> output_columns();
// Whether nobody reads standard output any more: it is a pipe whose other end is closed (`till ... | head`).
bool output_reader_is_gone();

}  // namespace os
