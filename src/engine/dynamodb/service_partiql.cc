// ExecuteStatement: one PartiQL statement.
#include <algorithm>

#include "aws/dynamodb/errors.h"
#include "base/encoding.h"
#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/page_read.h"
#include "engine/dynamodb/partiql_parser.h"
#include "engine/dynamodb/partiql_write.h"
#include "engine/dynamodb/update_apply.h"

namespace engine::dynamodb {

namespace {

using aws::PartiqlVerb;

constexpr std::string_view kKeyMissing = "Where clause does not contain a mandatory equality on all key attributes";

// A token is the digest of the statement that it continues, and the key after which it does.
std::string token_prefix(const std::string& statement) {
  return base::sha256(statement).substr(0, 8);
}

std::string make_token(const std::string& statement, const Item& last_key) {
  return base::base64_encode(token_prefix(statement) + encode_item(last_key, item_size(last_key)));
}

base::Result<Item> read_token(const std::string& statement, const std::string& token) {
  const auto bytes = base::base64_decode(token);
  const std::string prefix = token_prefix(statement);
  auto key =
      bytes && bytes->starts_with(prefix) ? decode_item(std::string_view(*bytes).substr(prefix.size())) : std::nullopt;
  if (!key) return invalid("Invalid NextToken: it does not belong to this statement");
  TRY(validate_item(key->attributes));
  return std::move(key->attributes);
}

base::Result<void> refuse_read_parameters(const wire::ExecuteStatementInput& in) {
  const char* given = in.limit                             ? "Limit"
                      : in.next_token                      ? "NextToken"
                      : in.consistent_read.value_or(false) ? "ConsistentRead"
                                                           : nullptr;
  if (given == nullptr) return {};
  return invalid("Unsupported parameter: " + std::string(given) + " in a statement that writes");
}

// What a SELECT says of an index in words of its own, which are not those of Query.
base::Result<void> check_index(const Table& table, const std::string& name, bool consistent) {
  const Index* index = table.find_index(name);
  if (index == nullptr) return invalid("The table does not have the specified index");
  if (index->global && consistent)
    return invalid("Strongly consistent read is not supported on Global Secondary Indexes");
  return {};
}

// Which rows a SELECT reads, and in which order.
base::Result<void> choose_rows(const BoundStatement& bound, const KeySchema& schema, PageRequest& request) {
  const uint64_t index = request.index == nullptr ? 0 : request.index->number;
  std::vector<KeyConditionPart> parts;
  bool has_hash = false;
  bool has_range = false;
  if (bound.where)
    for (KeyConditionPart& part : required_comparisons(*bound.where)) {
      const bool is_hash = part.name == schema.hash && part.op == Operator::equal && !has_hash;
      const bool is_range = schema.has_range() && part.name == schema.range && !has_range;
      has_hash = has_hash || is_hash;
      has_range = has_range || is_range;
      if (is_hash || is_range) parts.push_back(std::move(part));
    }
  for (const Statement::Order& order : bound.statement->order) {
    if (!has_hash)
      return invalid(
          "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
    if (!schema.contains(order.attribute))
      return invalid("Variable reference " + order.attribute + " in ORDER BY clause must be part of the primary key");
    if (order.attribute == schema.range) request.forward = !order.descending;
  }
  if (has_hash) {
    TRY_ASSIGN(const KeyCondition condition, match_key_condition(parts, schema));
    request.rows = rows_of(condition, request.table->number, index);
  } else {
    const std::string prefix = rows_prefix(request.table->number, index);
    request.rows = {prefix, store::prefix_end(prefix)};
  }
  return {};
}

}  // namespace

std::shared_ptr<const Statement> DynamoDbService::parsed(const std::string& text) {
  if (text.size() > kStatementBytesMax) return std::make_shared<const Statement>(parse_statement(text));
  return statements_.get(text, [&] { return parse_statement(text); });
}

base::Result<wire::ExecuteStatementOutput> DynamoDbService::execute_statement(Call& call,
                                                                              wire::ExecuteStatementInput in) {
  auto statement = parsed(in.statement.value_or(""));
  TRY_ASSIGN(BoundStatement bound, bind_statement(statement, std::move(in.parameters)));
  if (statement->verb == PartiqlVerb::select) return select(call, bound, in);
  TRY(refuse_read_parameters(in));
  TRY_ASSIGN(WriteStatement write,
             prepare_write(call, std::move(bound), in.return_values_on_condition_check_failure == "ALL_OLD"));
  Units units;
  WriteStatement* const one[] = {&write};
  carry_out(call, *write.table, one, units);
  if (write.error) return std::unexpected(std::move(*write.error));
  wire::ExecuteStatementOutput out;
  out.items.emplace();
  if (write.returned) out.items->push_back(std::move(*write.returned));
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, statement->table, units);
  return out;
}

base::Result<wire::ExecuteStatementOutput> DynamoDbService::select(Call& call, const BoundStatement& bound,
                                                                   const wire::ExecuteStatementInput& in) {
  if (in.limit && *in.limit < 1)
    return invalid("1 validation error detected: Value '" + std::to_string(*in.limit) +
                   "' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1");
  const Statement& statement = *bound.statement;
  TRY_ASSIGN(TableUse table, use_table(call, statement.table));
  PageRequest request;
  request.table = &*table;
  const auto index = statement.index.empty() ? std::nullopt : std::optional(statement.index);
  if (index) TRY(check_index(*table, *index, in.consistent_read.value_or(false)));
  TRY(apply_selection(index, {std::nullopt, in.consistent_read.value_or(false), &bound.projection}, request));
  TRY(check_key_paths(*table, bound.projection));
  TRY(check_key_paths(*table, bound.where));
  const KeySchema& schema = request.index == nullptr ? table->schema : request.index->schema;
  TRY(choose_rows(bound, schema, request));
  request.projection = nullptr;  // PartiQL names what it selects in its own way
  request.limit = in.limit;
  request.filter = bound.where ? &*bound.where : nullptr;
  if (in.next_token) {
    TRY_ASSIGN(const Item start, read_token(*in.statement, *in.next_token));
    TRY_ASSIGN(const std::string row, start_row(request, start));
    continue_after(request, row);
  }
  TRY_ASSIGN(Page page,
             read_metered(store_, *table, table.lock, request, OperationKind::execute_statement, call.context.now));
  wire::ExecuteStatementOutput out;
  out.items = std::move(page.items);
  if (bound.projection)
    for (Item& item : *out.items) item = select_paths(item, *bound.projection);
  if (page.last_key) out.next_token = make_token(*in.statement, *page.last_key);
  out.last_evaluated_key = std::move(page.last_key);
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, statement.table, page.units);
  return out;
}

base::Result<DynamoDbService::WriteStatement> DynamoDbService::prepare_write(Call& call, BoundStatement bound,
                                                                             bool keep_existing) {
  WriteStatement write;
  write.keep_existing = keep_existing;
  TRY_ASSIGN(write.table, find_table(call.context, bound.statement->table, false));
  if (metrics_ != nullptr) call.tables.push_back(write.table);
  const KeySchema& schema = write.table->schema;  // never changes
  if (bound.statement->verb == PartiqlVerb::insert) {
    write.bytes = item_size(bound.item);
    if (write.bytes > kItemBytesMax) return invalid("Item size has exceeded the maximum allowed size");
    TRY_ASSIGN(write.key, key_of_item(schema, bound.item));
  } else {
    TRY_ASSIGN(const Item key, key_of_where(schema, bound.where, kKeyMissing));
    TRY_ASSIGN(write.key, key_of_request(schema, key));
    TRY(check_update_targets(*write.table, bound.update));
  }
  write.bound = std::move(bound);
  return write;
}

void DynamoDbService::carry_out(const Call& call, Table& table, std::span<WriteStatement* const> writes, Units& units) {
  while (!writes.empty()) writes = writes.subspan(carry_out_some(call, table, writes, units));
}

std::size_t DynamoDbService::carry_out_some(const Call& call, Table& table, std::span<WriteStatement* const> writes,
                                            Units& units) {
  const std::shared_lock lock(table.mutex);
  std::array<bool, kStripesPerTable> wanted{};
  for (const WriteStatement* write : writes) wanted[table.stripe_index(write->key)] = true;
  std::array<std::unique_lock<std::mutex>, kStripesPerTable> locks;
  for (std::size_t i = 0; i < kStripesPerTable; ++i)
    if (wanted[i]) locks[i] = std::unique_lock(table.stripes[i].mutex);
  store::WriteBatch batch;
  Units used;
  std::size_t done = 0;
  std::size_t succeeded = 0;
  for (std::size_t staged = 0; done < writes.size() && staged < kStagedBytesMax; ++done) {
    WriteStatement& write = *writes[done];
    const std::size_t operations_before = batch.operations().size();
    auto outcome = stage_statement(call, batch, table, write, used);
    for (std::size_t i = operations_before; i < batch.operations().size(); ++i)
      staged += batch.operations()[i].value.size();
    if (outcome) {
      write.returned = std::move(*outcome);
      ++succeeded;
    } else {
      write.error = std::move(outcome).error();
    }
  }
  settle_write(table, used, call.context.now, succeeded);
  units += used;
  if (batch.empty()) return done;
  for (std::size_t i = 0; i < kStripesPerTable; ++i)
    if (wanted[i]) put_counts(batch, table, i);
  store_.write(batch);
  return done;
}

// Everything that can fail comes before stage_row(), so a statement that fails leaves nothing in the batch.
base::Result<std::optional<Item>> DynamoDbService::stage_statement(const Call& call, store::WriteBatch& batch,
                                                                   Table& table, WriteStatement& write, Units& units) {
  BoundStatement& bound = write.bound;
  if (table.deleted) return not_found();
  TRY(check_key_paths(table, bound.where));
  TRY(check_key_paths(table, bound.update));
  const bool inserts = bound.statement->verb == PartiqlVerb::insert;
  if (inserts) TRY(check_index_keys(table, bound.item));
  TRY(admit_write(table, call.context.now));
  auto before = load_item(table, write.key);
  Stripe& stripe = table.stripe_of(write.key);
  if (inserts) {
    if (before) {
      settle_failed_write(table, before->size_bytes, write.bytes, call.context.now);
      if (write.keep_existing) write.existing = std::move(before->attributes);
      return base::fail(wire::errors::duplicate_item_exception("Duplicate primary key exists in table"));
    }
    TRY(admit_index_writes(table, nullptr, &bound.item, call.context.now));
    stage_row(batch, store_, table, stripe, write.key, nullptr, &bound.item, write.bytes, units);
    return std::nullopt;
  }
  const bool deletes = bound.statement->verb == PartiqlVerb::delete_;
  // A DELETE of nothing succeeds whatever its conditions; an UPDATE needs an item (Developer Guide, "PartiQL update
  // statements for DynamoDB").
  if (deletes && !before) {
    stage_row(batch, store_, table, stripe, write.key, nullptr, nullptr, 0, units);
    return std::nullopt;
  }
  if (!before || !condition_holds(*bound.where, before->attributes)) {
    settle_failed_write(table, before ? before->size_bytes : 0, 0, call.context.now);
    wire::ConditionalCheckFailedException detail;
    if (before && write.keep_existing) detail.item = write.existing = std::move(before->attributes);
    return base::fail(
        wire::errors::conditional_check_failed_exception("The conditional request failed", std::move(detail)));
  }
  if (deletes) {
    TRY(admit_index_writes(table, &before->attributes, nullptr, call.context.now));
    stage_row(batch, store_, table, stripe, write.key, &*before, nullptr, 0, units);
    return bound.statement->returning.empty() ? std::nullopt : std::optional(std::move(before->attributes));
  }
  TRY_ASSIGN(Item after, apply_update(*bound.update, before->attributes));
  const std::size_t bytes = item_size(after);
  TRY(check_updated_item(table, bound.update, after, bytes));
  TRY(admit_index_writes(table, &before->attributes, &after, call.context.now));
  stage_row(batch, store_, table, stripe, write.key, &*before, &after, bytes, units);
  return returned_attributes(bound.statement->returning, bound.update, before, std::move(after));
}

}  // namespace engine::dynamodb
