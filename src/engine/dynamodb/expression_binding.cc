#include "engine/dynamodb/expression_binding.h"

#include <algorithm>

#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/operand_checks.h"

namespace engine::dynamodb {

namespace {

bool is_placeholder(std::string_view text, char first) {
  return text.size() > 1 && text[0] == first && std::ranges::all_of(text.substr(1), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

template <class Map>
std::string unused_text(const Map& map, const std::vector<bool>& used) {
  std::string text;
  for (std::size_t i = 0; i < map.size(); ++i)
    if (!used[i]) text += (text.empty() ? "" : ", ") + map.at(i).first;
  return text;
}

}  // namespace

std::vector<BoundPath> BoundExpression::target_paths() const {
  std::vector<BoundPath> paths;
  for (const UpdateAction& action : expression->actions) paths.push_back(path(action.path));
  for (const uint32_t index : expression->projected) paths.push_back(path(index));
  return paths;
}

std::vector<BoundExpression::Head> BoundExpression::heads() const {
  std::vector<Head> heads;
  for (const Path& path : expression->paths) heads.push_back({steps[path.begin].name, path.count > 1});
  return heads;
}

std::string path_text(BoundPath path) {
  std::string text = "[";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i != 0) text += ", ";
    text += path[i].index < 0 ? std::string(path[i].name) : "[" + std::to_string(path[i].index) + "]";
  }
  return text + "]";
}

ExpressionBinder::ExpressionBinder(ExpressionCache& cache, const std::optional<aws::Map<std::string>>& names,
                                   std::optional<aws::Map<AttributeValue>>& values, Wording wording)
    : cache_(cache),
      names_(names ? &*names : nullptr),
      values_(values ? &*values : nullptr),
      wording_(wording),
      name_used_(names ? names->size() : 0),
      value_used_(values ? values->size() : 0) {}

std::unexpected<base::AwsError> ExpressionBinder::fail(std::string message) const {
  if (wording_ == Wording::detected) message.insert(0, "1 validation error detected: ");
  return invalid(std::move(message));
}

base::Result<void> ExpressionBinder::check(std::initializer_list<Parameter> parameters) {
  const bool any = std::ranges::any_of(parameters, &Parameter::given);
  if (names_ != nullptr && !any)
    return invalid("ExpressionAttributeNames can only be specified when using expressions");
  std::string takers;
  std::size_t takers_count = 0;
  bool taken = false;
  for (const Parameter& parameter : parameters) {
    if (parameter.kind == ExpressionKind::projection) continue;
    takers += (takers.empty() ? "" : " and ") + std::string(parameter_name(parameter.kind));
    ++takers_count;
    taken = taken || parameter.given;
  }
  if (values_ != nullptr && !taken)
    return fail("ExpressionAttributeValues can only be specified when using expressions: " + takers +
                (takers_count > 1 ? " are null" : " is null"));
  if (names_ != nullptr) TRY(check_names());
  if (values_ != nullptr) TRY(check_values());
  return {};
}

base::Result<void> ExpressionBinder::check_names() const {
  if (names_->empty()) return fail("ExpressionAttributeNames must not be empty");
  for (const auto& [key, name] : *names_) {
    if (!is_placeholder(key, '#') || key.size() > kPlaceholderBytesMax)
      return fail("ExpressionAttributeNames contains invalid key: Syntax error; key: \"" + key + "\"");
    if (name.empty() || name.size() > kAttributeNameBytesMax)
      return fail("ExpressionAttributeNames contains invalid value: " +
                  std::string(name.empty() ? "The expression attribute name must not be empty"
                                           : "Attribute name is too large, must be less than 65536 bytes") +
                  "; key: " + key);
  }
  return {};
}

base::Result<void> ExpressionBinder::check_values() {
  if (values_->empty()) return fail("ExpressionAttributeValues must not be empty");
  for (const auto& [key, value] : *values_)
    if (!is_placeholder(key, ':') || key.size() > kPlaceholderBytesMax)
      return fail("ExpressionAttributeValues contains invalid key: Syntax error; key: \"" + key + "\"");
  for (auto& [key, value] : *values_) {
    const auto checked = validate_value(value);
    if (checked) continue;
    // This one AWS finds where it does not know the key any more.
    if (wording_ == Wording::detected && value.is_null_()) return fail(checked.error().message);
    return fail("ExpressionAttributeValues contains invalid value: " + checked.error().message + " for key " + key);
  }
  return {};
}

base::Result<BoundExpression> ExpressionBinder::bind(ExpressionKind kind, std::string_view text) {
  BoundExpression out;
  out.expression = cache_.get(kind, text);
  const Expression& e = *out.expression;
  std::string error = e.error;
  if (error.empty()) {
    out.steps.resize(e.steps.size());
    out.values.resize(e.value_names.size());
    error = kind == ExpressionKind::update       ? bind_update(e, out)
            : kind == ExpressionKind::projection ? bind_projection(e, out)
                                                 : bind_conditions(e, out);
  }
  if (!error.empty()) return fail("Invalid " + std::string(parameter_name(kind)) + ": " + error);
  return out;
}

std::string ExpressionBinder::bind_path(const Expression& e, uint32_t path, BoundExpression& out) {
  const Path& range = e.paths[path];
  for (uint32_t i = range.begin; i < range.begin + range.count; ++i) {
    const PathStep& step = e.steps[i];
    out.steps[i] = {step.name, step.index};
    if (!step.is_alias()) continue;
    const std::size_t count = names_ == nullptr ? 0 : names_->size();
    std::size_t at = 0;
    while (at < count && names_->at(at).first != step.name) ++at;
    if (at == count)
      return "An expression attribute name used in the document path is not defined; attribute name: " + step.name;
    name_used_[at] = true;
    out.steps[i].name = names_->at(at).second;
  }
  return {};
}

std::string ExpressionBinder::bind_value(const Expression& e, uint32_t value, BoundExpression& out) {
  if (out.values[value] != nullptr) return {};
  const std::string& name = e.value_names[value];
  const std::size_t count = values_ == nullptr ? 0 : values_->size();
  std::size_t at = 0;
  while (at < count && values_->at(at).first != name) ++at;
  if (at == count) return "An expression attribute value used in expression is not defined; attribute value: " + name;
  value_used_[at] = true;
  out.values[value] = &values_->at(at).second;
  return {};
}

std::string ExpressionBinder::bind_operand(const Expression& e, const Operand& operand, BoundExpression& out) {
  if (operand.kind == Operand::Kind::path) return bind_path(e, operand.index, out);
  if (operand.kind == Operand::Kind::value) return bind_value(e, operand.index, out);
  for (const Operand& argument : e.calls[operand.index].arguments)
    if (std::string error = bind_operand(e, argument, out); !error.empty()) return error;
  return {};
}

std::string ExpressionBinder::bind_conditions(const Expression& e, BoundExpression& out) {
  for (const Condition& condition : e.conditions) {
    for (const Operand& operand : condition.operands)
      if (std::string error = bind_operand(e, operand, out); !error.empty()) return error;
    if (std::string error = check_condition(out, condition); !error.empty()) return error;
  }
  return {};
}

std::string ExpressionBinder::bind_update(const Expression& e, BoundExpression& out) {
  for (uint32_t path = 0; path < e.paths.size(); ++path)
    if (std::string error = bind_path(e, path, out); !error.empty()) return error;
  for (uint32_t value = 0; value < e.value_names.size(); ++value)
    if (std::string error = bind_value(e, value, out); !error.empty()) return error;
  if (std::string error = check_paths(out); !error.empty()) return error;
  return check_update(out);
}

std::string ExpressionBinder::bind_projection(const Expression& e, BoundExpression& out) {
  for (uint32_t path = 0; path < e.paths.size(); ++path)
    if (std::string error = bind_path(e, path, out); !error.empty()) return error;
  return check_paths(out);
}

base::Result<void> ExpressionBinder::check_all_used() const {
  if (std::ranges::find(name_used_, false) != name_used_.end())
    return fail("Value provided in ExpressionAttributeNames unused in expressions: keys: {" +
                unused_text(*names_, name_used_) + "}");
  if (std::ranges::find(value_used_, false) != value_used_.end())
    return fail("Value provided in ExpressionAttributeValues unused in expressions: keys: {" +
                unused_text(*values_, value_used_) + "}");
  return {};
}

}  // namespace engine::dynamodb
