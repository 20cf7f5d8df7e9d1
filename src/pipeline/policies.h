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

}  // namespace pipeline
