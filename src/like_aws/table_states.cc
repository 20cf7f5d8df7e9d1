#include "like_aws/table_states.h"

#include <vector>

#include "aws/dynamodb/errors.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::dynamodb;
using std::chrono::milliseconds;

constexpr std::string_view kCreating = "table creating";
constexpr std::string_view kUpdating = "table updating";
constexpr std::string_view kDeleting = "table deleting";
constexpr std::string_view kUnseen = "table unseen";  // by DescribeTable
constexpr milliseconds kCreatingMin{1000}, kCreatingMax{6000};
constexpr milliseconds kUpdatingMin{500}, kUpdatingMax{4000};
constexpr milliseconds kDeletingMin{500}, kDeletingMax{4000};
constexpr milliseconds kUnseenMax{1000};
constexpr double kUnseenRate = 0.3;  // of new tables

std::vector<std::string> used_tables(const Call& call) {
  std::vector<std::string> out;
  if (call.is("BatchGetItem")) {
    if (const auto& items = call.input<api::BatchGetItemInput>().request_items)
      for (const auto& [name, keys] : *items) out.push_back(table_name(name));
  } else if (call.is("BatchWriteItem")) {
    if (const auto& items = call.input<api::BatchWriteItemInput>().request_items)
      for (const auto& [name, writes] : *items) out.push_back(table_name(name));
  } else if (call.is("GetItem") || call.is("PutItem") || call.is("UpdateItem") || call.is("DeleteItem") ||
             call.is("Query") || call.is("Scan")) {
    out.push_back(table_name(call.text("TableName")));
  }
  return out;
}

}  // namespace

std::optional<base::AwsError> TableStates::in_use(const Call& call, const std::string& name) {
  const std::string key = call.regional(name);
  std::string_view state;
  if (conditions_.delayed(call, kCreating, key)) state = "created";
  if (conditions_.delayed(call, kUpdating, key)) state = "updated";
  if (conditions_.delayed(call, kDeleting, key)) state = "deleted";
  if (state.empty()) return std::nullopt;
  return api::errors::resource_in_use_exception("Attempt to change a resource which is still in use: Table is being " +
                                                std::string(state) + ": " + name);
}

base::Result<void> TableStates::create(Call& call, const CarryOut& carry_out) {
  const std::string name = table_name(call.text("TableName"));
  const std::string key = call.regional(name);
  if (conditions_.delayed(call, kDeleting, key)) return conditions_.refuse(call, "TableState", *in_use(call, name));
  TRY(carry_out());
  conditions_.delay(call, kCreating, key, kCreatingMin, kCreatingMax);
  if (conditions_.chance.happens(call, "unseen", kUnseenRate))
    conditions_.delay(call, kUnseen, key, milliseconds(0), kUnseenMax);
  conditions_.tell(call, "TableState", "CREATING for a while: " + name);
  return {};
}

base::Result<void> TableStates::change(Call& call, const CarryOut& carry_out) {
  const std::string name = table_name(call.text("TableName"));
  if (auto error = in_use(call, name)) return conditions_.refuse(call, "TableState", std::move(*error));
  TRY(carry_out());
  if (!call.is("UpdateTable")) return {};
  conditions_.delay(call, kUpdating, call.regional(name), kUpdatingMin, kUpdatingMax);
  conditions_.tell(call, "TableState", "UPDATING for a while: " + name);
  return {};
}

base::Result<void> TableStates::remove(Call& call, const CarryOut& carry_out) {
  const std::string name = table_name(call.text("TableName"));
  const std::string key = call.regional(name);
  if (auto error = in_use(call, name)) return conditions_.refuse(call, "TableState", std::move(*error));
  TRY(carry_out());
  conditions_.delay(call, kDeleting, key, kDeletingMin, kDeletingMax);
  if (const auto& description = call.output<api::DeleteTableOutput>().table_description) {
    const std::lock_guard lock(mutex_);
    std::erase_if(deleting_, [&](const auto& each) { return !conditions_.delayed(call, kDeleting, each.first); });
    deleting_.insert_or_assign(key, *description);
  }
  conditions_.tell(call, "TableState", "DELETING for a while: " + name);
  return {};
}

base::Result<void> TableStates::describe(Call& call, const CarryOut& carry_out) {
  const std::string name = table_name(call.text("TableName"));
  const std::string key = call.regional(name);
  const bool deleting = conditions_.delayed(call, kDeleting, key);
  auto& out = call.output<api::DescribeTableOutput>();
  {
    const std::lock_guard lock(mutex_);
    const auto found = deleting_.find(key);
    if (found != deleting_.end() && deleting) out.table = found->second;
    if (found != deleting_.end() && !deleting) deleting_.erase(found);
  }
  if (deleting && out.table) {
    conditions_.tell(call, "TableState", "still DELETING: " + name);
    return {};
  }
  if (conditions_.delayed(call, kUnseen, key))
    return conditions_.refuse(
        call, "TableState",
        api::errors::resource_not_found_exception("Requested resource not found: Table: " + name + " not found"));
  TRY(carry_out());
  const bool creating = conditions_.delayed(call, kCreating, key);
  const bool updating = conditions_.delayed(call, kUpdating, key);
  if (!out.table || (!creating && !updating)) return {};
  out.table->table_status = creating ? "CREATING" : "UPDATING";
  if (creating && out.table->global_secondary_indexes)
    for (auto& index : *out.table->global_secondary_indexes) index.index_status = "CREATING";
  conditions_.tell(call, "TableState", "still " + *out.table->table_status + ": " + name);
  return {};
}

base::Result<void> TableStates::use(Call& call, const CarryOut& carry_out) {
  for (const std::string& name : used_tables(call)) {
    if (conditions_.delayed(call, kCreating, call.regional(name)))
      return conditions_.refuse(call, "TableState",
                                api::errors::resource_not_found_exception("Requested resource not found"));
  }
  return carry_out();
}

base::Result<void> TableStates::around(Call& call, const CarryOut& carry_out) {
  if (call.is("CreateTable")) return create(call, carry_out);
  if (call.is("UpdateTable") || call.is("UpdateTimeToLive")) return change(call, carry_out);
  if (call.is("DeleteTable")) return remove(call, carry_out);
  if (call.is("DescribeTable")) return describe(call, carry_out);
  return use(call, carry_out);
}

}  // namespace like_aws
