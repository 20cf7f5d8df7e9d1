// Tables.
#include "aws/dynamodb/dynamodb.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr std::string_view kActive = "ACTIVE";
constexpr std::string_view kDeleting = "DELETING";

std::string capacity_text(std::optional<int64_t> units) {
  return units ? std::to_string(*units) + " units" : "on demand";
}

class Table final : public Resource {
 public:
  Table(const Site& site, TableSpec spec) : Resource("table", spec.name), site_(site), spec_(std::move(spec)) {}

  [[nodiscard]] bool holds_data() const override { return !spec_.scratch; }
  [[nodiscard]] ResourceSpec spec() const override { return {spec_}; }
  [[nodiscard]] Properties wanted() const override {
    return {{"key", spec_.key + " (S)", /*fixed=*/true},
            {"capacity", capacity_text(spec_.capacity_units)},
            {"rows expire by", "nothing"},
            {"state", std::string(kActive)}};
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto table, look());
    if (table.table_status == kDeleting) return std::nullopt;  // create() waits for its end
    std::string key;
    for (const auto& element : table.key_schema.value_or(std::vector<aws::dynamodb::KeySchemaElement>())) {
      std::string type;
      for (const auto& definition :
           table.attribute_definitions.value_or(std::vector<aws::dynamodb::AttributeDefinition>())) {
        if (definition.attribute_name == element.attribute_name) type = definition.attribute_type.value_or("");
      }
      key += (key.empty() ? "" : ", ") + element.attribute_name.value_or("") + " (" + type + ")";
    }
    const bool on_demand =
        table.billing_mode_summary.has_value() && table.billing_mode_summary->billing_mode == "PAY_PER_REQUEST";
    std::optional<int64_t> units;
    if (!on_demand && table.provisioned_throughput.has_value())
      units = table.provisioned_throughput->write_capacity_units;
    TRY_ASSIGN(const std::string expiry, expiry_attribute());
    return Properties{{"key", key},
                      {"capacity", capacity_text(units)},
                      {"rows expire by", expiry.empty() ? "nothing" : expiry},
                      {"state", table.table_status.value_or("")}};
  }

  base::Result<void> create() override {
    aws::dynamodb::CreateTableInput create;
    create.table_name = name();
    set_capacity(create);
    create.attribute_definitions.emplace().push_back({spec_.key, "S"});
    create.key_schema.emplace().push_back({spec_.key, "HASH"});
    aws::Context context = site_.call();
    TRY(site_.services.dynamodb.create_table(context, std::move(create)));
    return wait();
  }

  // DynamoDB refuses an update that changes nothing.
  base::Result<void> change() override {
    TRY(wait());
    TRY_ASSIGN(const auto now, describe());
    aws::Context context = site_.call();
    for (const Property& property : now.value_or(Properties())) {
      if (property.name != "capacity" || property.value == capacity_text(spec_.capacity_units)) continue;
      aws::dynamodb::UpdateTableInput update;
      update.table_name = name();
      set_capacity(update);
      TRY(site_.services.dynamodb.update_table(context, std::move(update)));
    }
    TRY_ASSIGN(const std::string expiry, expiry_attribute());
    if (!expiry.empty()) {
      aws::dynamodb::UpdateTimeToLiveInput update;
      update.table_name = name();
      update.time_to_live_specification.emplace().enabled = false;
      update.time_to_live_specification->attribute_name = expiry;
      TRY(site_.services.dynamodb.update_time_to_live(context, std::move(update)));
    }
    return wait();
  }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto now, look());
    if (now.table_status != kDeleting) {
      aws::dynamodb::DeleteTableInput remove;
      remove.table_name = name();
      aws::Context context = site_.call();
      TRY(site_.services.dynamodb.delete_table(context, std::move(remove)));
    }
    return site_.patience.wait_until("the end of its removal", [&]() -> base::Result<bool> {
      const auto left = look();
      if (left.has_value()) return false;
      if (is_absent(left.error())) return true;
      return base::fail(left.error());
    });
  }

 private:
  template <class T>
  void set_capacity(T& input) const {
    input.billing_mode = spec_.capacity_units ? "PROVISIONED" : "PAY_PER_REQUEST";
    if (!spec_.capacity_units) return;
    auto& provisioned = input.provisioned_throughput.emplace();
    provisioned.read_capacity_units = spec_.capacity_units;
    provisioned.write_capacity_units = spec_.capacity_units;
  }

  // The attribute by which rows expire, or nothing. A row is an order's idempotency record: it must not go.
  base::Result<std::string> expiry_attribute() {
    aws::dynamodb::DescribeTimeToLiveInput describe;
    describe.table_name = name();
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto described, site_.services.dynamodb.describe_time_to_live(context, std::move(describe)));
    if (!described.time_to_live_description.has_value()) return "";
    const std::string status = described.time_to_live_description->time_to_live_status.value_or("");
    if (status != "ENABLED" && status != "ENABLING") return "";
    return described.time_to_live_description->attribute_name.value_or("");
  }

  base::Result<aws::dynamodb::TableDescription> look() {
    aws::dynamodb::DescribeTableInput describe;
    describe.table_name = name();
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto described, site_.services.dynamodb.describe_table(context, std::move(describe)));
    return described.table.value_or(aws::dynamodb::TableDescription());
  }

  base::Result<void> wait() {
    return site_.patience.wait_until("its state ACTIVE", [&]() -> base::Result<bool> {
      aws::dynamodb::TableDescription table;
      TRY(site_.patience.read("DescribeTable", [&]() -> base::Result<void> {
        TRY_ASSIGN(table, look());
        return {};
      }));
      return table.table_status == kActive;
    });
  }

  const Site& site_;
  const TableSpec spec_;
};

}  // namespace

std::unique_ptr<Resource> make_table(const Site& site, TableSpec spec) {
  return std::make_unique<Table>(site, std::move(spec));
}

}  // namespace pipeline
