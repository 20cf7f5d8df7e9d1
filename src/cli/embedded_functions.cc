#include "cli/embedded_functions.h"

#include "cli/embed.h"

EMBED(till_functions_zip, FUNCTIONS_ZIP)  // its path, given by CMake

namespace cli {

std::string_view functions_zip() {
  return {till_functions_zip_begin, till_functions_zip_end};
}

}  // namespace cli
