// The policies of the stack's roles: each function may do what it does and nothing else, on the stack's own resources
// by their ARNs. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

// What one function may do: actions on resources.
struct Grant {
  std::vector<std::string> actions;
  std::vector<std::string> resources;
};

// A policy document that allows exactly the grants.
std::string policy_document(const std::vector<Grant>& grants);
// The trust policy of a role that only Lambda may assume.
std::string lambda_trust_policy();
// Lets `topic_arn` send to `queue_arn`, as the queue's policy.
std::string topic_to_queue_policy(const std::string& topic_arn, const std::string& queue_arn);
// The policy of a new topic: open to its account. One is told by its marks and not by its text, in which SNS has
// changed the list of actions over time.
std::string default_topic_policy(const std::string& topic_arn, const std::string& account);
bool is_default_topic_policy(std::string_view policy);

// The JSON text with the keys of its objects sorted and nothing between its tokens, so that equal documents are equal
// texts; what is no JSON (or deeper than 32 levels) comes back as it is.
std::string canonical_json(std::string_view text);

}  // namespace pipeline
