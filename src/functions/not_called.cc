#include <fmt/format.h>

#include "functions/clients.h"

namespace functions {

std::unexpected<base::AwsError> not_called(std::string_view operation) {
  return base::fail(
      {.code = "NotCalled",
       .message = fmt::format("{} is not in this package: codegen/functions.toml names what is", operation)});
}

}  // namespace functions
