#include "aws/resource.h"

namespace aws {
namespace {

// name | account:function:name[:q] | arn:aws:lambda:r:a:function:name[:q]
std::string_view function_name(std::string_view text) {
  const std::size_t marker = text.find("function:");
  if (marker != std::string_view::npos) text.remove_prefix(marker + 9);
  return text.substr(0, text.find(':'));
}

// The values of a placeholder's member: one for text, one per key for a map.
std::vector<std::string_view> member_values(const OperationDesc& operation, const void* in, std::string_view name) {
  const MemberDesc* member = operation.input->find(name);
  const void* value = member != nullptr && member->get != nullptr ? member->get(in) : nullptr;
  if (value == nullptr) return {"*"};
  if (member->type->kind == Kind::string) return {*static_cast<const std::string*>(value)};
  std::vector<std::string_view> keys;
  if (member->type->kind == Kind::map) {
    const MapAccess& map = *member->type->map;
    for (std::size_t i = 0; i < map.size(value); ++i) keys.push_back(map.key_at(value, i));
  }
  return keys;
}

}  // namespace

std::vector<std::string> resource_arns(const OperationDesc& operation, const void* in, const Context& context) {
  std::vector<std::string> arns(1);
  std::string_view rest = operation.iam_resource;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    for (std::string& arn : arns) arn.append(rest.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    const std::string_view placeholder = rest.substr(open + 1, close - open - 1);
    rest.remove_prefix(close + 1);
    const std::string_view name = placeholder.substr(0, placeholder.find(':'));
    const std::string_view form = placeholder.substr(std::min(placeholder.size(), name.size() + 1));
    if (name == "region" || name == "account") {
      for (std::string& arn : arns) arn.append(name == "region" ? context.region : context.account);
      continue;
    }
    std::vector<std::string> grown;
    for (std::string_view value : member_values(operation, in, name)) {
      if (form == "function") value = function_name(value);
      if (form == "last") value = value.substr(value.rfind('/') + 1);
      const bool whole = value.starts_with("arn:");
      for (const std::string& arn : arns) grown.push_back(whole ? std::string(value) : arn + std::string(value));
    }
    arns = std::move(grown);
  }
  return arns;
}

}  // namespace aws
