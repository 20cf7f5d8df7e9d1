#include "engine/lambda/answers.h"

#include "aws/lambda/errors.h"

namespace engine::lambda {

namespace errors = aws::lambda::errors;

base::AwsError invalid_parameter(std::string message) {
  return errors::invalid_parameter_value_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError not_found(std::string message) {
  return errors::resource_not_found_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError conflict(std::string message) {
  return errors::resource_conflict_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError service_failure(std::string message) {
  return errors::service_exception(std::move(message), {.type = "Service", .message = {}});
}

base::AwsError stopping() {
  return service_failure("The engine is stopping.");
}

base::AwsError invalid_content(std::string message) {
  return errors::invalid_request_content_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError request_too_large(std::string message) {
  return errors::request_too_large_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError revision_mismatch(std::string_view operations) {
  std::string message = "The Revision Id provided does not match the latest Revision Id. Call the ";
  message.append(operations).append(" API to retrieve the latest Revision Id");
  return errors::precondition_failed_exception(std::move(message), {.type = "User", .message = {}});
}

base::AwsError throttled(std::string_view reason) {
  aws::lambda::TooManyRequestsException detail;
  detail.type = "User";
  detail.reason = std::string(reason);
  return errors::too_many_requests_exception("Rate Exceeded.", std::move(detail));
}

bool is_throttle(const base::AwsError& error) {
  return error.code == errors::kTooManyRequestsException.code;
}

}  // namespace engine::lambda
