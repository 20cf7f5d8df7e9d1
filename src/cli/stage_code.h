// The code that a definition names for a stage of the pipeline. Safe from any thread.
#pragma once

#include <expected>
#include <string>

#include "cli/definition_file.h"

namespace cli {

// The deployment package (zip bytes) of a stage that has code: a zip archive as it is; a directory's files but hidden
// ones and __pycache__, or a single file, as a package with the definition, of the same bytes each time. The path is
// taken from the directory of the definition. The error is a fault with its line, as load_definition()'s.
std::expected<std::string, std::string> read_stage_code(const DefinitionFile& file, const pipeline::Stage& stage);

// The package that the definition names for the functions of the pipeline that have no code of their own: a zip archive
// with a program `bootstrap` for a processor that Lambda has. REQUIRES: it names one. The error as above.
std::expected<std::string, std::string> read_functions_package(const DefinitionFile& file);

}  // namespace cli
