#include "engine/iam/answers.h"

#include "aws/iam/errors.h"
#include "base/encoding.h"
#include "engine/arn.h"

namespace engine::iam {

namespace errors = aws::iam::errors;

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string make_id(base::Random& random, std::string_view prefix) {
  return std::string(prefix) + base::random_string(random, 17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

base::AwsError no_such_role(std::string_view name) {
  return errors::no_such_entity_exception("The role with name " + std::string(name) + " cannot be found.");
}

base::AwsError no_such_policy(std::string_view arn) {
  return errors::no_such_entity_exception("Policy " + std::string(arn) + " was not found.");
}

base::AwsError absent(std::string_view parameter) {
  return errors::validation_error("1 validation error detected: Value null at '" + std::string(parameter) +
                                  "' failed to satisfy constraint: Member must not be null");
}

base::Result<aws::auth::Policy> parse_document(std::string_view document, aws::auth::PolicyKind kind) {
  auto policy = aws::auth::Policy::parse(document, kind);
  if (!policy.has_value()) return base::fail(errors::malformed_policy_document_exception(std::move(policy).error()));
  if (const auto key = policy->undecidable_key())
    return base::fail(errors::malformed_policy_document_exception(
        "Unsupported condition key: " + *key +
        " (it is never known here, so the policy would allow more than it says)"));
  return std::move(*policy);
}

base::Result<void> check_policy_arn(std::string_view arn) {
  const auto parsed = Arn::parse(arn);
  if (parsed && parsed->service == "iam" && parsed->resource.starts_with("policy/")) return {};
  return base::fail(errors::validation_error("Invalid ARN:  Could not be parsed!"));
}

std::size_t document_bytes(std::string_view document) {
  return static_cast<std::size_t>(
      std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

base::Result<std::string> read_marker(const std::optional<std::string>& marker) {
  if (!marker) return std::string();
  auto key = base::base64_decode(*marker);
  if (!key || key->empty()) return base::fail(errors::validation_error("Invalid Marker."));
  return std::move(*key);
}

std::string make_marker(std::string_view next_key) {
  return base::base64_encode(next_key);
}

}  // namespace engine::iam
