// The process's standard streams as a program finds them at its start.
#pragma once

namespace os {

// To be called first of all: a closed stream gets /dev/null, lest the first file that is opened becomes "standard
// output"; and writing into a closed pipe fails instead of ending the process.
void prepare_standard_streams();

// Whether standard error is a terminal.
bool stderr_is_terminal();
// Whether standard input is one, so that somebody can answer a question.
bool input_is_terminal();

}  // namespace os
