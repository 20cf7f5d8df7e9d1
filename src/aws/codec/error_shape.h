// From the code of an error on the wire to the described error: the part of the client's side that query and the two
// rest protocols share. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// The error of the operation (or, with nullptr, of any operation of the service) whose code or query code is `code`;
// nullptr if there is none.
const ErrorDesc* find_error(const ServiceDesc& service, const OperationDesc* operation, std::string_view code);

// The value for an error read from a response with `status`: code and fault as the description has them if it is
// known (`desc` may be nullptr), else as the wire has them.
base::AwsError error_from_wire(const ErrorDesc* desc, std::string code, std::string message, int status);

// The failure of a response that claims success and cannot be read.
base::AwsError invalid_response(const ServiceDesc& service, const OperationDesc& operation, std::string_view why);

}  // namespace aws::codec
