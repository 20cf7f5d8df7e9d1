#include "functions/failed_calls.h"

#include <algorithm>
#include <array>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sqs/sqs.h"

namespace functions {
namespace {

constexpr std::size_t kMessageBytesMax = 500;
constexpr std::size_t kSecretBytesMin = 8;  // a shorter one (an engine's "test") is part of many words

// Answers, in the form of an error, to what the pipeline wants to know.
bool is_expected(std::string_view code) {
  constexpr std::array<std::string_view, 4> kCodes = {"ConditionalCheckFailedException", "ConditionalCheckFailed",
                                                      "DuplicateItem", "InvalidRange"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

std::string_view view(const std::optional<std::string>& text) {
  return text.has_value() ? std::string_view(*text) : std::string_view();
}

}  // namespace

void FailedCalls::begin_invocation() {
  const std::lock_guard lock(mutex_);
  told_.clear();
  count_ = 0;
}

int64_t FailedCalls::count() {
  const std::lock_guard lock(mutex_);
  return count_;
}

void FailedCalls::see(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                      const base::Result<void>& result, const void* out) {
  if (!result.has_value()) {
    const base::AwsError& error = result.error();
    return tell(service, operation, {error.code, error.message, error.http_status});
  }
  // Two operations succeed as a whole and fail in their parts.
  if (operation.output == &aws::dynamodb::BatchExecuteStatementOutput::desc()) {
    const auto& responses = static_cast<const aws::dynamodb::BatchExecuteStatementOutput*>(out)->responses;
    for (std::size_t i = 0; responses.has_value() && i < responses->size(); ++i)
      if (const auto& error = (*responses)[i].error; error.has_value())
        tell(service, operation, {view(error->code), view(error->message)});
  } else if (operation.output == &aws::sqs::SendMessageBatchResult::desc()) {
    const auto& failed = static_cast<const aws::sqs::SendMessageBatchResult*>(out)->failed;
    for (std::size_t i = 0; failed.has_value() && i < failed->size(); ++i)
      tell(service, operation, {view((*failed)[i].code), view((*failed)[i].message)});
  }
}

void FailedCalls::tell(const aws::ServiceDesc& service, const aws::OperationDesc& operation, const Error& error) {
  if (is_expected(error.code)) return;
  const std::string name = std::string(service.id) + ":" + std::string(operation.name);
  {
    const std::lock_guard lock(mutex_);
    ++count_;
    if (!told_.emplace(name, error.code).second) return;
  }
  const std::string message = without_secrets(error.message);
  log_.log(runtime::LogLevel::error, "a call failed",
           {{"operation", std::string_view(name)},
            {"code", error.code},
            {"error", std::string_view(message)},
            {"http_status", int64_t{error.http_status}}});
}

// Messages of refused signatures show the request that was signed, with its session token.
std::string FailedCalls::without_secrets(std::string_view message) const {
  std::string out(message);
  for (const std::string& secret : secrets_) {
    if (secret.size() < kSecretBytesMin) continue;
    for (std::size_t at = 0; (at = out.find(secret, at)) != std::string::npos;) out.replace(at, secret.size(), "***");
  }
  out.resize(std::min(out.size(), kMessageBytesMax));
  return out;
}

}  // namespace functions
