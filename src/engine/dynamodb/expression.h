// Expression: a parsed expression of DynamoDB before its #names and :values are known, so that it can be cached by its
// text. Everything refers to everything else by index into flat tables. Immutable after parsing; shared by threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine::dynamodb {

enum class ExpressionKind : uint8_t { update, condition, key_condition, filter, projection };

// "UpdateExpression", ... as in "Invalid UpdateExpression: ".
std::string_view parameter_name(ExpressionKind kind);

// One step of a document path: an attribute (`name`, either bare or "#alias") or, if index >= 0, a list element.
struct PathStep {
  std::string name;
  int64_t index = -1;
  [[nodiscard]] bool is_alias() const { return name.starts_with('#'); }
};

// Steps [begin, begin + count) of Expression::steps.
struct Path {
  uint32_t begin = 0;
  uint32_t count = 0;
};

struct Operand {
  enum class Kind : uint8_t { path, value, call } kind = Kind::path;
  uint32_t index = 0;  // into paths, value_names or calls
};

enum class Function : uint8_t {
  attribute_exists,
  attribute_not_exists,
  attribute_type,
  begins_with,
  contains,
  size,  // conditions
  if_not_exists,
  list_append,
  plus,
  minus,  // updates
  unknown
};
std::string_view function_name(Function function);

struct Call {
  Function function = Function::unknown;
  std::vector<Operand> arguments;
};

enum class Operator : uint8_t {
  or_,
  and_,
  not_,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  between,
  in,
  call
};
std::string_view operator_name(Operator op);  // "OR", "=", "BETWEEN", ...

struct Condition {
  Operator op = Operator::call;
  uint32_t left = 0;              // into conditions: of or, and, not
  uint32_t right = 0;             // of or, and
  std::vector<Operand> operands;  // of the others; for call one operand of kind call
};

struct UpdateAction {
  enum class Kind : uint8_t { set, remove, add, delete_ } kind = Kind::set;
  uint32_t path = 0;
  Operand value;  // of set, add, delete
};

struct Expression {
  ExpressionKind kind = ExpressionKind::condition;
  // What is wrong without knowing names and values, without the "Invalid ...Expression: " before it; else empty.
  std::string error;
  std::vector<PathStep> steps;
  std::vector<Path> paths;  // in order of appearance
  std::vector<std::string> value_names;
  std::vector<Call> calls;
  std::vector<Condition> conditions;  // children before parents
  uint32_t root = 0;
  std::vector<UpdateAction> actions;
  std::vector<uint32_t> projected;  // paths of a projection
};

}  // namespace engine::dynamodb
