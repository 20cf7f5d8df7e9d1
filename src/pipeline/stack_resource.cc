#include "pipeline/stack_resource.h"

#include <algorithm>
#include <array>

#include "pipeline/notifier.h"

namespace pipeline {

std::string Site::arn(std::string_view service, std::string_view resource) const {
  const bool global = service == "iam";
  return "arn:aws:" + std::string(service) + ":" + (global ? "" : region) + ":" + account + ":" + std::string(resource);
}

std::string Site::queue_url(std::string_view queue_name) const {
  return "https://sqs." + region + ".amazonaws.com/" + account + "/" + std::string(queue_name);
}

aws::Context Site::call() const {
  aws::Context context = call_context(env);
  context.account = account;
  context.region = region;
  context.principal = {aws::Principal::Kind::root, account, "arn:aws:iam::" + account + ":root", account};
  return context;
}

bool is_absent(const base::AwsError& error) {
  constexpr std::array<std::string_view, 7> kCodes = {
      "QueueDoesNotExist", "ResourceNotFoundException", "NoSuchEntity",     "NoSuchEntityException",
      "NoSuchBucket",      "NotFoundException",         "ResourceNotFound",
  };
  return error.http_status == 404 || std::ranges::find(kCodes, error.code) != kCodes.end();
}

}  // namespace pipeline
