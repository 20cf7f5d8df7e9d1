#include "pipeline/policies.h"

#include "aws/codec/json_shape.h"

namespace pipeline {
namespace {

void append_list(const std::vector<std::string>& texts, std::string& out) {
  out.push_back('[');
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out.push_back(',');
    aws::codec::write_json_string(text, out);
  }
  out.push_back(']');
}

}  // namespace

std::string policy_document(const std::vector<Grant>& grants) {
  std::string out = R"({"Version":"2012-10-17","Statement":[)";
  for (const Grant& grant : grants) {
    if (&grant != &grants.front()) out.push_back(',');
    out.append(R"({"Effect":"Allow","Action":)");
    append_list(grant.actions, out);
    out.append(R"(,"Resource":)");
    append_list(grant.resources, out);
    out.push_back('}');
  }
  return out + "]}";
}

std::string lambda_trust_policy() {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},)"
         R"("Action":"sts:AssumeRole"}]})";
}

}  // namespace pipeline
