// BatchExecuteStatement: up to 25 PartiQL statements, each by itself. Writes to one table are one batch of the store.
#include <algorithm>
#include <set>

#include "aws/auth/authorizer.h"
#include "engine/arn.h"
#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/partiql_write.h"

namespace engine::dynamodb {

namespace {

using aws::PartiqlVerb;
using Statements = std::vector<std::shared_ptr<const Statement>>;

// The code of BatchStatementError for the exception that the same statement alone would get.
std::string batch_code(std::string_view exception) {
  if (exception == "ValidationException") return "ValidationError";
  if (exception == "ThrottlingException") return "ThrottlingError";
  constexpr std::string_view kEnd = "Exception";
  if (exception.ends_with(kEnd)) exception.remove_suffix(kEnd.size());
  return std::string(exception);
}

void set_error(wire::BatchStatementResponse& response, const base::AwsError& error) {
  auto& shown = response.error.emplace();
  shown.code = batch_code(error.code);
  shown.message = error.message;
}

// All statements read, or all write; those that are no statements do neither.
base::Result<bool> all_read(const Statements& statements) {
  bool reads = false;
  bool writes = false;
  for (const auto& statement : statements) {
    if (!statement->error.empty()) continue;
    (statement->verb == PartiqlVerb::select ? reads : writes) = true;
  }
  if (reads && writes)
    return invalid("BatchExecuteStatement API does not support both read and write operations in the same request.");
  return reads;
}

// Gives the statements that the caller may not carry out their errors.
void refuse_denied(const RoleMay& role_may, const aws::Context& context, const Statements& statements,
                   std::vector<wire::BatchStatementResponse>& responses) {
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Statement& statement = *statements[i];
    if (i > 0 && statements[i] == statements[i - 1]) {  // batches repeat one text
      responses[i].error = responses[i - 1].error;
      continue;
    }
    if (statement.table.empty()) continue;  // it is no statement, and says so
    std::string resource = statement.table.starts_with("arn:")
                               ? statement.table
                               : make_arn("dynamodb", context.region, context.account, "table/" + statement.table);
    if (!statement.index.empty()) resource += "/index/" + statement.index;
    const std::string action = "dynamodb:PartiQL" + std::string(aws::verb_name(statement.verb));
    if (role_may(context, action, resource)) continue;
    auto& error = responses[i].error.emplace();
    error.code = "AccessDenied";
    error.message = aws::auth::denial_text(context, action, resource);
  }
}

}  // namespace

base::Result<wire::BatchExecuteStatementOutput> DynamoDbService::batch_execute_statement(
    Call& call, wire::BatchExecuteStatementInput in) {
  const std::size_t count = in.statements ? in.statements->size() : 0;
  if (count == 0 || count > kBatchStatementsMax)
    return invalid(
        "1 validation error detected: Value at 'statements' failed to satisfy constraint: Member must have length " +
        std::string(count == 0 ? "greater than or equal to 1" : "less than or equal to 25"));
  std::vector<std::shared_ptr<const Statement>> statements;
  statements.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& text = (*in.statements)[i].statement;
    const bool repeated = i > 0 && text == (*in.statements)[i - 1].statement;
    statements.push_back(repeated ? statements.back() : parsed(text.value_or("")));
  }
  TRY_ASSIGN(const bool reads, all_read(statements));
  wire::BatchExecuteStatementOutput out;
  out.responses.emplace(count);
  if (role_may_) refuse_denied(role_may_, call.context, statements, *out.responses);
  std::map<std::string, Units> units;
  if (reads) {
    carry_out_reads(call, *in.statements, statements, out, units);
  } else {
    TRY(carry_out_writes(call, *in.statements, statements, out, units));
  }
  for (const auto& [table, used] : units)
    if (auto consumed = consumed_capacity(in.return_consumed_capacity, table, used)) {
      if (!out.consumed_capacity) out.consumed_capacity.emplace();
      out.consumed_capacity->push_back(std::move(*consumed));
    }
  return out;
}

base::Result<std::optional<Item>> DynamoDbService::select_one(Call& call, const BoundStatement& bound, bool consistent,
                                                              Units& units) {
  const Statement& statement = *bound.statement;
  if (!statement.index.empty() || !statement.order.empty())
    return invalid("Unsupported clause: an index or ORDER BY in a SELECT of BatchExecuteStatement");
  TRY_ASSIGN(const TableUse table, use_table(call, statement.table));
  TRY_ASSIGN(const Item key,
             key_of_where(table->schema, bound.where,
                          "Select statements within BatchExecuteStatement must specify the primary key in the where "
                          "clause."));
  TRY_ASSIGN(const ItemKey item_key, key_of_request(table->schema, key));
  TRY(check_key_paths(*table, bound.projection));
  TRY(check_key_paths(*table, bound.where));
  TRY(admit_read(*table, nullptr, consistent, call.context.now));
  auto item = load_item(*table, item_key);
  units.table += read_units(item ? item->size_bytes : 0, consistent);
  settle_read(*table, nullptr, consistent, units, call.context.now);
  if (!item || !condition_holds(*bound.where, item->attributes)) return std::nullopt;
  if (bound.projection) return std::optional(select_paths(item->attributes, *bound.projection));
  return std::optional(std::move(item->attributes));
}

void DynamoDbService::carry_out_reads(Call& call, std::vector<wire::BatchStatementRequest>& requests,
                                      std::vector<std::shared_ptr<const Statement>>& statements,
                                      wire::BatchExecuteStatementOutput& out, std::map<std::string, Units>& units) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    wire::BatchStatementResponse& response = (*out.responses)[i];
    if (response.error) continue;
    auto bound = bind_statement(statements[i], std::move(requests[i].parameters));
    if (!bound) {
      set_error(response, bound.error());
      continue;
    }
    const std::string& table = statements[i]->table;
    Units used;
    auto item = select_one(call, *bound, requests[i].consistent_read.value_or(false), used);
    response.table_name = table;
    if (!item) {
      set_error(response, item.error());
      continue;
    }
    units[table].table += used.table;
    response.item = std::move(*item);
  }
}

base::Result<void> DynamoDbService::carry_out_writes(Call& call, std::vector<wire::BatchStatementRequest>& requests,
                                                     std::vector<std::shared_ptr<const Statement>>& statements,
                                                     wire::BatchExecuteStatementOutput& out,
                                                     std::map<std::string, Units>& units) {
  std::vector<WriteStatement> writes;
  writes.reserve(requests.size());
  std::set<std::string> items;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    wire::BatchStatementResponse& response = (*out.responses)[i];
    if (response.error) continue;
    wire::BatchStatementRequest& request = requests[i];
    auto bound = bind_statement(statements[i], std::move(request.parameters));
    if (bound && request.consistent_read.value_or(false))
      bound = invalid("Unsupported parameter: ConsistentRead in a statement that writes");
    auto write =
        bound ? prepare_write(call, std::move(*bound), request.return_values_on_condition_check_failure == "ALL_OLD")
              : std::unexpected(bound.error());
    if (!write) {
      set_error(response, write.error());
      continue;
    }
    write->position = i;
    response.table_name = statements[i]->table;
    if (!items.insert(row_key(write->table->number, write->key)).second)
      return invalid("Provided list of item keys contains duplicates");
    writes.push_back(std::move(*write));
  }
  // One table after the other, in the order in which they are first named, so no two are held at once.
  std::vector<WriteStatement*> left;
  for (WriteStatement& write : writes) left.push_back(&write);
  while (!left.empty()) {
    const TablePtr table = left.front()->table;
    const auto others = std::ranges::stable_partition(left, [&](const WriteStatement* w) { return w->table == table; });
    const std::vector<WriteStatement*> mine(left.begin(), others.begin());
    carry_out(call, *table, mine, units[mine.front()->bound.statement->table]);
    left.erase(left.begin(), others.begin());
  }
  for (WriteStatement& write : writes) {
    wire::BatchStatementResponse& response = (*out.responses)[write.position];
    response.item = std::move(write.returned);
    if (!write.error) continue;
    if (write.error->code == "ConditionalCheckFailedException" && metrics_ != nullptr) {
      const std::shared_lock lock(write.table->mutex);  // `metrics` follows the definition
      write.table->metrics->condition_failed(call.context.now);
    }
    set_error(response, *write.error);
    response.error->item = std::move(write.existing);
  }
  return {};
}

}  // namespace engine::dynamodb
