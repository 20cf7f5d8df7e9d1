#include "aws/codec/error_shape.h"

#include <fmt/format.h>

namespace aws::codec {

namespace {

const ErrorDesc* find_in(const OperationDesc& operation, std::string_view code) {
  for (const ErrorDesc* error : operation.errors)
    if (error->code == code || (!error->query_code.empty() && error->query_code == code)) return error;
  return nullptr;
}

}  // namespace

const ErrorDesc* find_error(const ServiceDesc& service, const OperationDesc* operation, std::string_view code) {
  if (operation != nullptr)
    if (const ErrorDesc* error = find_in(*operation, code)) return error;
  for (const OperationDesc& other : service.operations)
    if (const ErrorDesc* error = find_in(other, code)) return error;
  return nullptr;
}

base::AwsError error_from_wire(const ErrorDesc* desc, std::string code, std::string message, int status) {
  base::AwsError error;
  if (desc != nullptr) {
    error = make_error(*desc, std::move(message));
  } else {
    error.code = std::move(code);
    error.message = std::move(message);
    error.fault = status >= 500 ? base::Fault::receiver : base::Fault::sender;
  }
  error.http_status = status;
  return error;
}

base::AwsError invalid_response(const ServiceDesc& service, const OperationDesc& operation, std::string_view why) {
  base::AwsError error;
  error.code = "InvalidResponse";
  error.message = fmt::format("The answer to {} {} cannot be read: {}", service.service_id, operation.name, why);
  error.http_status = 502;
  error.fault = base::Fault::receiver;
  return error;
}

}  // namespace aws::codec
