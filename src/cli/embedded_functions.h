// The deployment package of the pipeline's functions, which `till` carries in itself so that it is one file.
#pragma once

#include <string_view>

namespace cli {

std::string_view functions_zip();

}  // namespace cli
