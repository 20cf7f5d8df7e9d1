// Between the code of an error on the wire and the described error: what the codecs share, and what only the protocols
// with "__type" in the body (json and cbor) do. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/http/message.h"
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

// --- Errors with "__type" (protocols.md 1.3).

// The value of __type: namespace, '#' and code.
std::string error_type(const ServiceDesc& service, const base::AwsError& error);
// The error's typed members, or nullptr.
const AnyShape* error_detail(const base::AwsError& error);
// The name under which the message goes (the error shape's own, else the framework's habit), or an empty one if the
// message is empty or among the members of `detail`, which may be nullptr.
std::string_view message_name(const base::AwsError& error, const AnyShape* detail);
// The value of x-amzn-query-error: the code of the query protocol and whose fault it is.
std::string query_error(const base::AwsError& error);

// What the body of every such error has in common, as a shape of our own, so that one reader serves for all.
struct ErrorBody {
  std::optional<std::string> type;
  std::optional<std::string> code;
  std::optional<std::string> message;
  std::optional<std::string> capital_message;
  static const StructDesc& desc();
};
// The error that `body` and the response's headers tell of; `desc` becomes its description, or nullptr. Typed members
// are left to the caller.
base::AwsError typed_error(const ServiceDesc& service, const OperationDesc& operation, const http::Response& response,
                           const ErrorBody& body, const ErrorDesc*& desc);

}  // namespace aws::codec
