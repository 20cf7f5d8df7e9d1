#include "pipeline/policies.h"

#include <simdjson.h>

#include <map>

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

constexpr int kDepthMax = 32;
constexpr std::string_view kDefaultPolicyId = "__default_policy_ID";
constexpr std::string_view kDefaultStatementId = "__default_statement_ID";

// False: too deep.
bool append_canonical(const simdjson::dom::element& value, int depth, std::string& out) {
  if (depth > kDepthMax) return false;
  bool first = true;
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    std::map<std::string_view, simdjson::dom::element> members;
    for (const auto& [key, member] : object) members.insert_or_assign(key, member);
    out.push_back('{');
    for (const auto& [key, member] : members) {
      if (!std::exchange(first, false)) out.push_back(',');
      aws::codec::write_json_string(key, out);
      out.push_back(':');
      if (!append_canonical(member, depth + 1, out)) return false;
    }
    out.push_back('}');
  } else if (value.get(array) == simdjson::SUCCESS) {
    out.push_back('[');
    for (const simdjson::dom::element member : array) {
      if (!std::exchange(first, false)) out.push_back(',');
      if (!append_canonical(member, depth + 1, out)) return false;
    }
    out.push_back(']');
  } else {
    out += simdjson::to_string(value);
  }
  return true;
}

}  // namespace

std::string canonical_json(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string out;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS || !append_canonical(document, 0, out))
    return std::string(text);
  return out;
}

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

std::string topic_to_queue_policy(const std::string& topic_arn, const std::string& queue_arn) {
  std::string out = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":)"
                    R"("sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":)";
  aws::codec::write_json_string(queue_arn, out);
  out += R"(,"Condition":{"ArnEquals":{"aws:SourceArn":)";
  aws::codec::write_json_string(topic_arn, out);
  return out + "}}}]}";
}

std::string default_topic_policy(const std::string& topic_arn, const std::string& account) {
  std::string out = R"({"Version":"2008-10-17","Id":")" + std::string(kDefaultPolicyId) + R"(","Statement":[{"Sid":")" +
                    std::string(kDefaultStatementId) +
                    R"(","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes",)"
                    R"("SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic",)"
                    R"("SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":)";
  aws::codec::write_json_string(topic_arn, out);
  out += R"(,"Condition":{"StringEquals":{"AWS:SourceOwner":)";
  aws::codec::write_json_string(account, out);
  return out + "}}}]}";
}

bool is_default_topic_policy(std::string_view policy) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array statements;
  std::string_view id;
  std::string_view sid;
  std::string_view effect;
  return parser.parse(policy.data(), policy.size()).get(document) == simdjson::SUCCESS &&
         document["Id"].get(id) == simdjson::SUCCESS && id == kDefaultPolicyId &&
         document["Statement"].get(statements) == simdjson::SUCCESS && statements.size() == 1 &&
         statements.at(0)["Sid"].get(sid) == simdjson::SUCCESS && sid == kDefaultStatementId &&
         statements.at(0)["Effect"].get(effect) == simdjson::SUCCESS && effect == "Allow";
}

}  // namespace pipeline
