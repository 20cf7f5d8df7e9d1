#include "engine/policy_statements.h"

#include <simdjson.h>

namespace engine {
namespace {

namespace dom = simdjson::dom;

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00").append({kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 0xf]});
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ",") + json_text(item);
  return items.size() == 1 ? out : "[" + out + "]";
}

// A policy taken apart: its statements as texts with their Sid, and the other members as one text.
struct Parts {
  std::string head;  // "\"Version\":\"...\",": every member but Statement, each with a comma behind it
  std::vector<std::pair<std::string, std::string>> statements;  // Sid, text

  [[nodiscard]] std::string text() const {
    std::string out = "{" + head + "\"Statement\":[";
    for (const auto& [sid, statement] : statements) {
      if (&statement != &statements.front().second) out += ",";
      out += statement;
    }
    return out + "]}";
  }
};

void take_statement(dom::element statement, Parts& parts) {
  std::string_view sid;
  if (statement["Sid"].get(sid) != simdjson::SUCCESS) sid = {};
  parts.statements.emplace_back(sid, simdjson::minify(statement));
}

Parts take_apart(std::string_view policy_json) {
  Parts parts;
  dom::parser parser;
  dom::object policy;
  if (parser.parse(policy_json.data(), policy_json.size()).get(policy) != simdjson::SUCCESS) return parts;
  for (const auto& [name, value] : policy) {
    dom::array list;
    if (name != "Statement") {
      parts.head += json_text(name) + ":" + std::string(simdjson::minify(value)) + ",";
    } else if (value.get(list) == simdjson::SUCCESS) {
      for (const dom::element statement : list) take_statement(statement, parts);
    } else {
      take_statement(value, parts);
    }
  }
  return parts;
}

}  // namespace

std::string permission_statement(std::string_view sid, const std::vector<std::string>& accounts,
                                 const std::vector<std::string>& actions, std::string_view resource_arn) {
  std::vector<std::string> principals;
  for (const std::string& account : accounts) principals.push_back("arn:aws:iam::" + account + ":root");
  return "{\"Sid\":" + json_text(sid) + R"(,"Effect":"Allow","Principal":{"AWS":)" + list_of(principals) +
         "},\"Action\":" + list_of(actions) + ",\"Resource\":" + json_text(resource_arn) + "}";
}

bool has_statement(std::string_view policy_json, std::string_view sid) {
  for (const auto& [name, text] : take_apart(policy_json).statements)
    if (name == sid) return true;
  return false;
}

std::string with_statement(std::string_view policy_json, std::string_view id, std::string_view statement) {
  Parts parts = take_apart(policy_json);
  if (parts.head.empty()) parts.head = R"("Version":"2008-10-17","Id":)" + json_text(id) + ",";
  parts.statements.emplace_back("", statement);
  return parts.text();
}

std::optional<std::string> without_statement(std::string_view policy_json, std::string_view sid) {
  Parts parts = take_apart(policy_json);
  const auto removed = std::erase_if(parts.statements, [&](const auto& statement) { return statement.first == sid; });
  if (removed == 0) return std::nullopt;
  return parts.statements.empty() ? "" : parts.text();
}

}  // namespace engine
