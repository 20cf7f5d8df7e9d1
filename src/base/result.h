// Result and AwsError: how every fallible call of the project answers. An AwsError is a value in AWS's own terms
// (code, message, HTTP status, whose fault); the codecs turn it into wire bytes and the client turns wire bytes back
// into it, so an error looks the same on either side of the network. Plain values, freely copied between threads.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace base {

// Who has to act for a retry to succeed. `sender` errors are 4xx, `receiver` errors are 5xx.
enum class Fault { sender, receiver };

// Members of an error shape beyond its message, for example the Item of ConditionalCheckFailedException. The typed
// form lives in aws/error_detail.h, so that base needs no knowledge of shapes.
class ErrorDetail {
 public:
  virtual ~ErrorDetail() = default;
};

struct AwsError {
  std::string code = {};     // the shape's name on json protocols, for example "QueueDoesNotExist"
  std::string message = {};  // AWS's text, verbatim
  int http_status = 400;
  Fault fault = Fault::sender;
  std::string query_code = {};  // the legacy code of query protocols where it differs; empty means same as `code`
  // Extra leaf elements that some S3 errors carry beside the message (BucketName, Key, ...), in wire order.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::shared_ptr<const ErrorDetail> detail = {};
};

template <class T>
using Result = std::expected<T, AwsError>;

// The value to return for a failure: `return base::fail(errors::queue_does_not_exist(...))`.
inline std::unexpected<AwsError> fail(AwsError error) {
  return std::unexpected<AwsError>(std::move(error));
}

}  // namespace base

// Evaluates an expression of type Result<T>; on failure returns its error from the enclosing function, which must
// return a Result too. TRY_ASSIGN binds the value: `TRY_ASSIGN(auto queue, find_queue(url));`
#define TILL_TRY_CONCAT_(a, b) a##b
#define TILL_TRY_NAME_(line) TILL_TRY_CONCAT_(try_result_, line)
#define TRY(expression)                                          \
  do {                                                           \
    if (auto try_result = (expression); !try_result.has_value()) \
      return std::unexpected(std::move(try_result).error());     \
  } while (false)
#define TRY_ASSIGN_(temporary, declaration, expression)                               \
  auto temporary = (expression);                                                      \
  if (!(temporary).has_value()) return std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define TRY_ASSIGN(declaration, expression) TRY_ASSIGN_(TILL_TRY_NAME_(__LINE__), declaration, expression)
