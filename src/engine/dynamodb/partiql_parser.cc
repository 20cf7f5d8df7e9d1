#include "engine/dynamodb/partiql_parser.h"

#include <algorithm>

#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

using Kind = aws::PartiqlToken::Kind;
using aws::PartiqlVerb;

class StatementParser : PartiqlParts {
 public:
  using PartiqlParts::PartiqlParts;

  void parse() {
    if (std::ranges::any_of(tokens_, [](const auto& t) { return t.kind == Kind::wrong; })) {
      not_well_formed("");
      return;
    }
    const auto target = aws::partiql_target(tokens_);
    if (!target) {
      refuse_target();
      return;
    }
    out_.verb = target->verb;
    out_.table = target->table;
    out_.index = target->index;
    at_ = target->behind;
    const bool parsed = out_.verb == PartiqlVerb::insert   ? parse_insert()
                        : out_.verb == PartiqlVerb::select ? parse_select(target->from, target->behind)
                        : out_.verb == PartiqlVerb::update ? parse_update()
                                                           : parse_delete();
    if (!parsed) return;
    take_symbol(";");
    if (peek().kind != Kind::end) not_well_formed("Unexpected token after expression");
    if (operators_ > kExpressionOperatorsMax)
      refuse("The expression contains too many operators; operator count: " + std::to_string(operators_));
  }

 private:
  void refuse_target() {
    const aws::PartiqlToken& verb = tokens_[0];
    if (verb.is_keyword("FROM")) {
      refuse("Unsupported statement: FROM before UPDATE's SET or REMOVE; write UPDATE table SET ...");
    } else if (verb.is_keyword("EXISTS")) {
      refuse("Unsupported statement: EXISTS (outside of ExecuteTransaction)");
    } else if (verb.is_keyword("SELECT") || verb.is_keyword("INSERT")) {
      not_well_formed("Unexpected term");
    } else {
      not_well_formed(verb.is_keyword("DELETE") || verb.is_keyword("UPDATE") ? "Expected identifier for simple path"
                                                                             : "Expected data manipulation");
    }
  }

  bool refuse_alias() {
    if (peek().kind == Kind::quoted || peek().is_keyword("AS") ||
        (peek().kind == Kind::word &&
         std::ranges::none_of(std::initializer_list<std::string_view>{"WHERE", "SET", "REMOVE", "ORDER", "RETURNING"},
                              [&](auto word) { return peek().is_keyword(word); })))
      return refuse("Aliasing is not supported");
    return true;
  }

  bool parse_insert() {
    if (!take_keyword("VALUE"))
      return not_well_formed(peek().is_name() && !peek().is_keyword("VALUES") ? "Unexpected token after expression"
                                                                              : "Unexpected keyword");
    if (!peek().is_symbol("{")) return refuse("Unsupported value after VALUE: " + std::string(peek().raw));
    return parse_value(out_.item, "", -1);
  }

  bool parse_where() {
    take();
    auto e = std::make_shared<Expression>();
    if (!parse_condition(out_.where, *e, e->root)) return false;
    out_.where.expression = std::move(e);
    return true;
  }

  bool require_where() {
    if (peek().is_keyword("WHERE")) return parse_where();
    return refuse("Where clause does not contain a mandatory equality on all key attributes");
  }

  bool parse_select(std::size_t from, std::size_t behind) {
    at_ = 1;
    if (!parse_projection()) return false;
    if (at_ != from) return not_well_formed("Unexpected term");
    at_ = behind;
    if (!refuse_alias()) return false;
    if (peek().is_keyword("WHERE") && !parse_where()) return false;
    if (!take_keyword("ORDER")) return true;
    if (!expect_keyword("BY")) return false;
    if (!out_.where.expression) return refuse("Must have WHERE clause in the statement when using ORDER BY clause.");
    do {
      if (!peek().is_name()) return not_well_formed("Expected identifier for simple path");
      auto& order = out_.order.emplace_back();
      order.attribute = take().value();
      order.descending = take_keyword("DESC");
      if (!order.descending) take_keyword("ASC");
    } while (take_symbol(","));
    return true;
  }

  bool parse_projection() {
    if (take_symbol("*")) {
      if (peek().is_symbol(","))
        return refuse("Other attributes should not be present in the projection when '*' is used.");
      return true;
    }
    auto e = std::make_shared<Expression>();
    e->kind = ExpressionKind::projection;
    do {
      if (peek().kind == Kind::word && peek(1).is_symbol("("))
        return refuse("Unsupported function: " + std::string(peek().raw));
      if (peek().is_keyword("VALUE") || peek().is_keyword("DISTINCT"))
        return refuse("Unsupported clause: SELECT " + std::string(peek().raw));
      if (!parse_path(*e, e->projected.emplace_back())) return false;
    } while (take_symbol(","));
    out_.projection.expression = std::move(e);
    return true;
  }

  bool parse_update() {
    if (!refuse_alias()) return false;
    auto e = std::make_shared<Expression>();
    e->kind = ExpressionKind::update;
    while (peek().is_keyword("SET") || peek().is_keyword("REMOVE")) {
      const bool sets = take().is_keyword("SET");
      do {
        if (!(sets ? parse_set_action(*e) : parse_remove_action(*e))) return false;
      } while (take_symbol(","));
    }
    if (e->actions.empty()) return not_well_formed("Expected SET or REMOVE");
    out_.update.expression = std::move(e);
    return require_where() && parse_returning();
  }

  bool parse_remove_action(Expression& e) {
    ++operators_;
    UpdateAction action;
    action.kind = UpdateAction::Kind::remove;
    if (!parse_path(e, action.path)) return false;
    e.actions.push_back(action);
    return true;
  }

  bool parse_set_action(Expression& e) {
    ++operators_;
    UpdateAction action;
    if (!parse_path(e, action.path) || !expect_symbol("=")) return false;
    const bool adds = peek().is_keyword("SET_ADD");
    if ((adds || peek().is_keyword("SET_DELETE")) && peek(1).is_symbol("(")) {
      action.kind = adds ? UpdateAction::Kind::add : UpdateAction::Kind::delete_;
      if (!parse_set_function(e, action)) return false;
    } else if (!parse_sum(e, action.value)) {
      return false;
    }
    e.actions.push_back(action);
    return true;
  }

  // set_add(path, set) or set_delete(path, set), the path being the one that is set.
  bool parse_set_function(Expression& e, UpdateAction& action) {
    const std::string name(take().raw);
    take();
    const std::size_t paths = e.paths.size();
    const std::size_t steps = e.steps.size();
    uint32_t source = 0;
    if (!parse_path(e, source) || !expect_symbol(",")) return false;
    const Path& a = e.paths[action.path];
    const Path& b = e.paths[source];
    bool same = a.count == b.count;
    for (uint32_t i = 0; same && i < a.count; ++i)
      same = e.steps[a.begin + i].name == e.steps[b.begin + i].name &&
             e.steps[a.begin + i].index == e.steps[b.begin + i].index;
    if (!same) return refuse("Unsupported use of " + name + ": its first argument must be the attribute that is set");
    e.paths.resize(paths);
    e.steps.resize(steps);
    if (!parse_operand(out_.update, e, action.value)) return false;
    if (action.value.kind != Operand::Kind::value)
      return refuse("Unsupported use of " + name + ": its second argument must be a set");
    return expect_symbol(")");
  }

  bool parse_sum(Expression& e, Operand& value) {
    if (!parse_operand(out_.update, e, value)) return false;
    const bool plus = peek().is_symbol("+");
    if (!plus && !peek().is_symbol("-")) return true;
    ++operators_;
    take();
    Operand right;
    if (!parse_operand(out_.update, e, right)) return false;
    e.calls.push_back({plus ? Function::plus : Function::minus, {value, right}});
    value = {Operand::Kind::call, static_cast<uint32_t>(e.calls.size() - 1)};
    return true;
  }

  bool parse_delete() {
    if (!refuse_alias() || !require_where() || !parse_returning()) return false;
    if (out_.returning.empty() || out_.returning == "ALL_OLD") return true;
    return refuse("DELETE can only have RETURNING ALL OLD *");
  }

  bool parse_returning() {
    if (!take_keyword("RETURNING")) return true;
    const bool all = peek().is_keyword("ALL");
    if (!all && !peek().is_keyword("MODIFIED")) return not_well_formed("Expected ALL or MODIFIED");
    take();
    const bool old = peek().is_keyword("OLD");
    if (!old && !peek().is_keyword("NEW")) return not_well_formed("Expected OLD or NEW");
    take();
    out_.returning = std::string(all ? "ALL" : "UPDATED") + (old ? "_OLD" : "_NEW");
    return expect_symbol("*");
  }
};

}  // namespace

Statement parse_statement(std::string_view text) {
  Statement out;
  if (text.size() > kStatementBytesMax) {
    out.error =
        "1 validation error detected: Value at 'statement' failed to satisfy constraint: Member must have "
        "length less than or equal to 8192";
    return out;
  }
  StatementParser(aws::partiql_tokens(text), out).parse();
  return out;
}

}  // namespace engine::dynamodb
