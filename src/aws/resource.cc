#include "aws/resource.h"

#include <algorithm>
#include <functional>

#include "aws/partiql.h"

namespace aws {
namespace {

// name | account:function:name[:q] -> name; arn:aws:lambda:r:a:function:name[:q] -> the ARN without q, because it may
// be another account's.
std::string_view function_name(std::string_view text) {
  const std::size_t marker = text.find("function:");
  const std::size_t begin = marker == std::string_view::npos ? 0 : marker + 9;
  const std::size_t end = std::min(text.find(':', begin), text.size());
  return text.starts_with("arn:") ? text.substr(0, end) : text.substr(begin, end - begin);
}

// name | arn:aws:logs:r:a:log-group:name[:*]
std::string_view log_group_name(std::string_view text) {
  constexpr std::string_view kMarker = ":log-group:";
  const std::size_t marker = text.starts_with("arn:") ? text.find(kMarker) : std::string_view::npos;
  if (marker == std::string_view::npos) return text;
  text.remove_prefix(marker + kMarker.size());
  return text.substr(0, text.find(':'));
}

// The values of a placeholder's member, of "A|B" of the first that is there: one for text, one per key for a map, each
// of a list of texts.
std::vector<std::string_view> member_values(const OperationDesc& operation, const void* in, std::string_view names) {
  const std::string_view name = names.substr(0, names.find('|'));
  const MemberDesc* member = operation.input->find(name);
  const void* value = member != nullptr && !member->unsupported() ? member->get(in) : nullptr;
  if (value == nullptr && name.size() < names.size())
    return member_values(operation, in, names.substr(name.size() + 1));
  if (value == nullptr) return {"*"};
  if (member->type->kind == Kind::string) return {*static_cast<const std::string*>(value)};
  std::vector<std::string_view> out;
  if (member->type->kind == Kind::map) {
    const MapAccess& map = *member->type->map;
    for (std::size_t i = 0; i < map.size(value); ++i) out.push_back(map.key_at(value, i));
  } else if (member->type->kind == Kind::list && member->type->list->element->kind == Kind::string) {
    const ListAccess& list = *member->type->list;
    for (std::size_t i = 0; i < list.size(value); ++i)
      out.push_back(*static_cast<const std::string*>(list.at(value, i)));
  }
  return out;
}

// True for one {Member:index} and nothing else.
bool is_optional_index(std::string_view placeholder) {
  return placeholder.ends_with(":index}") && placeholder.find('}') == placeholder.size() - 1;
}

using ValuesOf = std::function<std::vector<std::string_view>(std::string_view member)>;

// The texts that a template stands for: one, or as many as the members have values.
std::vector<std::string> expand(std::string_view rest, const Context& context, const ValuesOf& values_of) {
  std::vector<std::string> arns(1);
  bool has_member = false;
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
    // Only a name that is all there is to choose: the key of an object may look like an ARN and must not become one.
    const bool is_only_member = !has_member && (rest.empty() || is_optional_index(rest));
    has_member = true;
    std::vector<std::string> grown;
    for (std::string_view value : values_of(name)) {
      if (form == "index") {
        for (const std::string& arn : arns) grown.push_back(value == "*" ? arn : arn + "/index/" + std::string(value));
        continue;
      }
      if (form == "function") value = function_name(value);
      if (form == "log_group") value = log_group_name(value);
      if (form == "path" && value == "*") value = "/";
      if (form == "last") value = value.substr(value.rfind('/') + 1);
      const bool whole = is_only_member && value.starts_with("arn:");
      for (const std::string& arn : arns) grown.push_back(whole ? std::string(value) : arn + std::string(value));
    }
    arns = std::move(grown);
  }
  return arns;
}

}  // namespace

std::vector<std::string> resource_arns(const OperationDesc& operation, const void* in, const Context& context) {
  return expand(operation.iam_resource, context,
                [&](std::string_view member) { return member_values(operation, in, member); });
}

std::optional<Access> access_of(const OperationDesc& operation, const void* in, const Context& context) {
  const std::string_view action = operation.iam_action;
  if (action.empty()) return std::nullopt;
  const std::size_t open = action.find('{');
  if (open == std::string_view::npos) return Access{std::string(action), resource_arns(operation, in, context)};
  const std::string_view member = action.substr(open + 1, action.find(':', open) - open - 1);
  const auto target = partiql_target(partiql_tokens(member_values(operation, in, member).front()));
  if (!target) return std::nullopt;
  const std::string table = target->table + (target->index.empty() ? "" : "/index/") + target->index;
  return Access{expand(action, context, [&](auto) { return std::vector{verb_name(target->verb)}; }).front(),
                expand(operation.iam_resource, context, [&](auto) { return std::vector<std::string_view>{table}; })};
}

}  // namespace aws
