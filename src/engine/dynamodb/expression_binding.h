// Binding: joins a parsed expression with the ExpressionAttributeNames and ExpressionAttributeValues of one request,
// and reports what only shows then: undefined and unused placeholders, wrong operand types, overlapping paths
// (protocols.md 4.3 items 16 to 20). Objects of one request, used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/expression.h"
#include "engine/dynamodb/expression_cache.h"

namespace engine::dynamodb {

struct BoundStep {
  std::string_view name;  // of an attribute, if index < 0
  int64_t index = -1;
};
using BoundPath = std::span<const BoundStep>;

// An expression with everything in it resolved. Views the request's names and values, which must outlive it.
struct BoundExpression {
  std::shared_ptr<const Expression> expression;
  std::vector<BoundStep> steps;  // parallel to Expression::steps
  std::vector<const AttributeValue*> values;

  [[nodiscard]] BoundPath path(uint32_t index) const {
    const Path& path = expression->paths[index];
    return BoundPath(steps).subspan(path.begin, path.count);
  }
  // The literal, or nullptr if the operand is none.
  [[nodiscard]] const AttributeValue* literal(const Operand& operand) const {
    return operand.kind == Operand::Kind::value ? values[operand.index] : nullptr;
  }
  // The paths that an update changes or a projection keeps.
  [[nodiscard]] std::vector<BoundPath> target_paths() const;
  // The first attribute of every path, in order, with whether the path goes deeper.
  struct Head {
    std::string_view name;
    bool nested;
  };
  [[nodiscard]] std::vector<Head> heads() const;
};

// "[a, [0], b]", as AWS prints paths in messages.
std::string path_text(BoundPath path);

class ExpressionBinder {
 public:
  // AWS words its errors in the operations that write one item as those of its framework, since summer 2026: "1
  // validation error detected: " stands before them.
  enum class Wording { plain, detected };
  // Each may be absent. Values are brought into normal form by check(). All must outlive the binder and what it binds.
  ExpressionBinder(ExpressionCache& cache, const std::optional<aws::Map<std::string>>& names,
                   std::optional<aws::Map<AttributeValue>>& values, Wording wording = Wording::plain);
  // Checks the two maps. `parameters` are the expressions that the operation knows, with whether each was given, as
  // the messages about placeholders without expressions list them.
  struct Parameter {
    ExpressionKind kind;
    bool given;
  };
  base::Result<void> check(std::initializer_list<Parameter> parameters);
  base::Result<BoundExpression> bind(ExpressionKind kind, std::string_view text);
  // Call after the last bind(): fails if a name or value served nothing.
  base::Result<void> check_all_used() const;

 private:
  [[nodiscard]] std::unexpected<base::AwsError> fail(std::string message) const;
  base::Result<void> check_names() const;
  base::Result<void> check_values();
  // Each answers the error's text, or an empty string.
  std::string bind_path(const Expression& e, uint32_t path, BoundExpression& out);
  std::string bind_value(const Expression& e, uint32_t value, BoundExpression& out);
  std::string bind_operand(const Expression& e, const Operand& operand, BoundExpression& out);
  std::string bind_conditions(const Expression& e, BoundExpression& out);
  std::string bind_update(const Expression& e, BoundExpression& out);
  std::string bind_projection(const Expression& e, BoundExpression& out);

  ExpressionCache& cache_;
  const aws::Map<std::string>* names_;
  aws::Map<AttributeValue>* values_;
  const Wording wording_;
  std::vector<bool> name_used_;
  std::vector<bool> value_used_;
};

}  // namespace engine::dynamodb
