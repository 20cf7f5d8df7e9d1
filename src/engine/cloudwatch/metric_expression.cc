// The parser of metric_expression.h (recursive descent, one function for each precedence).
#include "engine/cloudwatch/metric_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace engine::cloudwatch {
namespace {

// Functions of CloudWatch that this engine does not have, so that they are not called unknown.
constexpr auto kAbsent = std::to_array<std::string_view>(
    {"ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SEARCH", "SERVICE_QUOTA"});

std::unexpected<base::AwsError> fail(std::string message) {
  base::AwsError error;
  error.code = "ValidationError";
  error.message = std::move(message);
  return base::fail(std::move(error));
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct BinaryToken {
  std::string_view text;
  Operator op;
};
// By rising precedence; in a level the longer text stands first.
constexpr BinaryToken kOr[] = {{"||", Operator::logical_or}, {"OR", Operator::logical_or}};
constexpr BinaryToken kAnd[] = {{"&&", Operator::logical_and}, {"AND", Operator::logical_and}};
constexpr BinaryToken kCompare[] = {{"==", Operator::eq}, {"!=", Operator::ne}, {"<=", Operator::le},
                                    {">=", Operator::ge}, {"<", Operator::lt},  {">", Operator::gt}};
constexpr BinaryToken kSum[] = {{"+", Operator::add}, {"-", Operator::subtract}};
constexpr BinaryToken kProduct[] = {{"*", Operator::multiply}, {"/", Operator::divide}, {"%", Operator::modulo}};
constexpr std::array<std::span<const BinaryToken>, 5> kLevels = {kOr, kAnd, kCompare, kSum, kProduct};

// "Operators and functions" of the guide: arithmetic takes numbers, series and one array; comparisons and logic no
// array.
std::optional<ValueType> binary_type(Operator op, ValueType a, ValueType b) {
  if (a > ValueType::array || b > ValueType::array) return std::nullopt;
  const bool array = a == ValueType::array || b == ValueType::array;
  if (array && (op >= Operator::eq || a == b)) return std::nullopt;
  return std::max(a, b);
}

class Parser {
 public:
  Parser(std::string_view text, const ResolveName& resolve) : text_(text), resolve_(resolve) {}

  base::Result<Node> parse() {
    TRY_ASSIGN(Node node, level(0));
    skip_space();
    if (at_ != text_.size()) return unexpected();
    return node;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  std::unexpected<base::AwsError> unexpected() const {
    if (at_ >= text_.size()) return fail("Syntax error: unexpected end of the expression");
    const char c = text_[at_];
    return c > ' ' && c < 0x7f ? fail(fmt::format("Syntax error: unexpected '{}' at position {}", c, at_ + 1))
                               : fail(fmt::format("Syntax error at position {}", at_ + 1));
  }

  // Takes `token` if it comes next; a word only if it ends there.
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    if (is_letter(token[0]) && end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) return false;
    at_ = end;
    return true;
  }

  // A chain a+b+c leans to the left, so a tree may be as deep as an expression is long: kExpressionBytesMax bounds it.
  base::Result<Node> level(std::size_t index) {
    if (index == kLevels.size()) return negation();
    TRY_ASSIGN(Node left, level(index + 1));
    while (true) {
      const auto token = std::ranges::find_if(kLevels[index], [&](const BinaryToken& t) { return take(t.text); });
      if (token == kLevels[index].end()) return left;
      TRY_ASSIGN(Node right, level(index + 1));
      TRY_ASSIGN(left, joined(token->op, token->text, std::move(left), std::move(right)));
    }
  }

  static base::Result<Node> joined(Operator op, std::string_view name, Node left, Node right) {
    const auto type = binary_type(op, left.type, right.type);
    if (!type) return fail(fmt::format("The operator {} cannot be applied to these types", name));
    Node node;
    node.kind = Node::Kind::binary;
    node.type = *type;
    node.op = op;
    node.children.push_back(std::move(left));
    node.children.push_back(std::move(right));
    return node;
  }

  base::Result<Node> negation() {
    if (!take("-")) return power();
    TRY(enter());
    TRY_ASSIGN(Node inner, negation());
    --depth_;
    if (inner.type > ValueType::array) return fail("The operator - cannot be applied to these types");
    Node node;
    node.kind = Node::Kind::negation;
    node.type = inner.type;
    node.children.push_back(std::move(inner));
    return node;
  }

  // Binds more tightly than the minus before it, and to the right: -2^3^2 is -(2^(3^2)).
  base::Result<Node> power() {
    TRY_ASSIGN(Node base, primary());
    if (!take("^")) return base;
    TRY(enter());
    TRY_ASSIGN(Node exponent, negation());
    --depth_;
    return joined(Operator::power, "^", std::move(base), std::move(exponent));
  }

  base::Result<Node> primary() {
    skip_space();
    if (at_ == text_.size()) return unexpected();
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return number();
    if (c == '"' || c == '\'') return quoted();
    if (is_letter(c)) return named();
    if (c == '[') return list();
    if (!take("(")) return unexpected();
    TRY(enter());
    TRY_ASSIGN(Node inner, level(0));
    --depth_;
    if (!take(")")) return unexpected();
    return inner;
  }

  base::Result<Node> number() {
    Node node;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), node.number);
    if (error != std::errc() || !std::isfinite(node.number)) return unexpected();
    at_ += static_cast<std::size_t>(end - begin);
    return node;
  }

  base::Result<Node> quoted() {
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) return fail("Syntax error: a text without its closing quote");
    Node node;
    node.kind = Node::Kind::text;
    node.type = ValueType::text;
    node.text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return node;
  }

  base::Result<Node> list() {
    ++at_;
    Node node;
    node.kind = Node::Kind::list;
    node.type = ValueType::array;
    TRY_ASSIGN(node.children, arguments("]"));
    for (const Node& child : node.children) {
      if (child.type != ValueType::series && child.type != ValueType::array)
        return fail("The elements of an array must be time series");
    }
    if (node.children.empty()) return fail("An array must have elements");
    return node;
  }

  // What stands between the opening bracket, already taken, and the closing one.
  base::Result<std::vector<Node>> arguments(std::string_view close) {
    std::vector<Node> out;
    if (take(close)) return out;
    TRY(enter());
    do {
      TRY_ASSIGN(out.emplace_back(), level(0));
    } while (take(","));
    --depth_;
    if (!take(close)) return unexpected();
    return out;
  }

  base::Result<Node> named() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    Node node;
    if (take("(")) {
      node.kind = Node::Kind::call;
      TRY_ASSIGN(node.children, arguments(")"));
      return called(name, std::move(node));
    }
    if (name[0] >= 'A' && name[0] <= 'Z') {  // ids begin with a small letter
      node.kind = Node::Kind::word;
      node.type = ValueType::word;
      node.text = name;
      return node;
    }
    TRY_ASSIGN(const QueryName found, resolve_(name));
    node.kind = Node::Kind::query;
    node.type = found.type;
    node.query = found.index;
    return node;
  }

  static base::Result<Node> called(std::string_view name, Node node) {
    node.function = find_function(name);
    if (node.function == nullptr) {
      if (std::ranges::find(kAbsent, name) != kAbsent.end())
        return fail(fmt::format("The function {} is not supported by this engine", name));
      return fail(fmt::format("Unknown function: {}", name));
    }
    const Function& function = *node.function;
    const std::size_t count = node.children.size();
    if (count < function.arguments_min || count > function.arguments_max)
      return fail(fmt::format("The function {} cannot take {} arguments", name, count));
    const auto type = function.type(node.children);
    if (!type) return fail(fmt::format("The function {} cannot take arguments of these types", name));
    node.type = *type;
    return node;
  }

  base::Result<void> enter() {
    if (++depth_ > kExpressionDepthMax) return fail("The expression is nested too deeply");
    return {};
  }

  const std::string_view text_;
  const ResolveName& resolve_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

base::Result<Node> parse_expression(std::string_view text, const ResolveName& resolve) {
  if (text.size() > kExpressionBytesMax)
    return fail(fmt::format("The expression is longer than {} characters", kExpressionBytesMax));
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (text.substr(begin).starts_with("SELECT ")) return fail("SQL expressions are not supported by this engine");
  TRY_ASSIGN(Node node, Parser(text, resolve).parse());
  if (node.type > ValueType::array) return fail("The expression is not a time series");
  return node;
}

}  // namespace engine::cloudwatch
