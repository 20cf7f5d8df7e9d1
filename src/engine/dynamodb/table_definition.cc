#include "engine/dynamodb/table_definition.h"

#include <algorithm>

#include "base/encoding.h"
#include "engine/arn.h"

namespace engine::dynamodb {

namespace {

template <class Range, class Name>
std::string names_text(const Range& range, Name name) {
  std::string text;
  for (const auto& element : range) text += (text.empty() ? "" : ", ") + std::string(name(element));
  return "[" + text + "]";
}

std::unexpected<base::AwsError> too_many_keys(const std::vector<wire::KeySchemaElement>& elements) {
  const auto text = [](const wire::KeySchemaElement& e) {
    return "KeySchemaElement(attributeName=" + e.attribute_name.value_or("null") +
           ", keyType=" + e.key_type.value_or("null") + ")";
  };
  return invalid("1 validation error detected: Value '" + names_text(elements, text) +
                 "' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2");
}

base::Result<KeySchema> read_schema(const Table& table,
                                    const std::optional<std::vector<wire::KeySchemaElement>>& elements, bool of_table) {
  if (of_table && elements && elements->size() > 2) return too_many_keys(*elements);
  if (!elements || elements->empty() || elements->size() > 2)
    return invalid("Invalid KeySchema: A key schema has one HASH and at most one RANGE element");
  const auto name = [](const wire::KeySchemaElement& e) { return e.attribute_name.value_or(""); };
  if (of_table && elements->size() > table.attribute_types.size())
    return invalid("Invalid KeySchema: Some index key attribute have no definition");
  for (const auto& element : *elements)
    if (table.type_of(name(element)).empty())
      return invalid_parameters(
          "Some index key attributes are not defined in AttributeDefinitions. Keys: " + names_text(*elements, name) +
          ", AttributeDefinitions: " + names_text(table.attribute_types, [](const auto& p) { return p.first; }));
  const auto& first = elements->front();
  const auto& last = elements->back();
  if (elements->size() == 2 && name(first) == name(last))
    return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (first.key_type != "HASH") return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (elements->size() == 2 && last.key_type != "RANGE")
    return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  KeySchema schema{name(first), table.type_of(name(first)), {}, {}, table.schema.order};
  if (elements->size() == 2) {
    schema.range = name(last);
    schema.range_type = table.type_of(schema.range);
  }
  return schema;
}

base::Result<void> read_projection(const std::optional<wire::Projection>& projection, Index& index) {
  if (!projection || !projection->projection_type) return invalid_parameters("Unknown ProjectionType: null");
  index.projection_type = *projection->projection_type;
  const bool includes = index.projection_type == "INCLUDE";
  if (!includes && index.projection_type != "ALL" && index.projection_type != "KEYS_ONLY")
    return invalid_parameters("Unknown ProjectionType: " + index.projection_type);
  if (projection->non_key_attributes && !includes)
    return invalid_parameters("ProjectionType is " + index.projection_type + ", but NonKeyAttributes is specified");
  if (includes && (!projection->non_key_attributes || projection->non_key_attributes->empty()))
    return invalid_parameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  if (!includes) return {};
  index.non_key_attributes = *projection->non_key_attributes;
  for (auto name = index.non_key_attributes.begin(); name != index.non_key_attributes.end(); ++name)
    if (std::find(index.non_key_attributes.begin(), name, *name) != name)
      return invalid_parameters("Duplicate value in attribute name: " + *name);
  return {};
}

base::Result<void> add_index(Table& table, Index index) {
  if (table.find_index(index.name) != nullptr) return invalid_parameters("Duplicate index name: " + index.name);
  if (index.name.size() < 3 || index.name.size() > kTableNameBytesMax)
    return invalid_parameters("IndexName must be at least 3 characters long and at most 255 characters long");
  std::size_t projected = index.non_key_attributes.size();
  for (const Index& other : table.indexes) projected += other.non_key_attributes.size();
  if (projected > kProjectedAttributesMax)
    return invalid_parameters("The total number of NonKeyAttributes of all indexes exceeds the per-table limit of 100");
  index.number = table.next_index_number++;
  table.indexes.push_back(std::move(index));
  return {};
}

base::Result<void> add_local_index(Table& table, const wire::LocalSecondaryIndex& in) {
  Index index;
  index.global = false;
  index.name = in.index_name.value_or("");
  TRY_ASSIGN(index.schema, read_schema(table, in.key_schema, false));
  if (!index.schema.has_range())
    return invalid_parameters("Index KeySchema does not have a range key for index: " + index.name);
  if (index.schema.hash != table.schema.hash)
    return invalid_parameters(
        "Index KeySchema does not have the same leading hash key as table KeySchema for index: " + index.name +
        ". index hash key: " + index.schema.hash + ", table hash key: " + table.schema.hash);
  TRY(read_projection(in.projection, index));
  return add_index(table, std::move(index));
}

base::Result<void> define_indexes(const wire::CreateTableInput& in, Table& table) {
  if (in.local_secondary_indexes) {
    if (in.local_secondary_indexes->empty()) return invalid_parameters("List of LocalSecondaryIndexes is empty");
    if (!table.schema.has_range())
      return invalid_parameters(
          "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
    for (const auto& index : *in.local_secondary_indexes) TRY(add_local_index(table, index));
    if (in.local_secondary_indexes->size() > kLocalIndexesMax)
      return invalid_parameters("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
  }
  if (!in.global_secondary_indexes) return {};
  if (in.global_secondary_indexes->empty()) return invalid_parameters("List of GlobalSecondaryIndexes is empty");
  for (const auto& index : *in.global_secondary_indexes)
    TRY(define_global_index(table, index.index_name, index.key_schema, index.projection, index.provisioned_throughput));
  return {};
}

base::Result<void> define_throughput(const wire::CreateTableInput& in, Table& table) {
  table.pay_per_request = in.billing_mode == "PAY_PER_REQUEST";
  if (in.billing_mode && !table.pay_per_request && *in.billing_mode != "PROVISIONED")
    return invalid_parameters("Unknown BillingMode: " + *in.billing_mode);
  const auto& given = in.provisioned_throughput;
  if (table.pay_per_request) {
    if (!given) return {};
    return invalid_parameters(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  }
  if (!given || !given->read_capacity_units || !given->write_capacity_units)
    return invalid_parameters(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  TRY_ASSIGN(table.throughput, read_throughput(*given));
  return {};
}

wire::ProvisionedThroughputDescription describe_throughput(const Throughput& throughput) {
  wire::ProvisionedThroughputDescription out;
  out.last_increase_date_time = throughput.last_increase;
  out.last_decrease_date_time = throughput.last_decrease;
  out.number_of_decreases_today = 0;
  out.read_capacity_units = throughput.read_units;
  out.write_capacity_units = throughput.write_units;
  return out;
}

template <class Warm>
Warm describe_warm(bool pay_per_request, const Throughput& throughput, std::string_view status) {
  Warm out;
  out.read_units_per_second = pay_per_request ? 12000 : throughput.read_units;
  out.write_units_per_second = pay_per_request ? 4000 : throughput.write_units;
  out.status = std::string(status);
  return out;
}

std::vector<wire::KeySchemaElement> describe_schema(const KeySchema& schema) {
  std::vector<wire::KeySchemaElement> out(schema.size());
  out[0].attribute_name = schema.hash;
  out[0].key_type = "HASH";
  if (!schema.has_range()) return out;
  out[1].attribute_name = schema.range;
  out[1].key_type = "RANGE";
  return out;
}

// The members that descriptions of global and local indexes share.
template <class Description>
Description describe_index(Table& table, const Index& index) {
  Description out;
  out.index_name = index.name;
  out.key_schema = describe_schema(index.schema);
  out.projection.emplace().projection_type = index.projection_type;
  if (!index.non_key_attributes.empty()) out.projection->non_key_attributes = index.non_key_attributes;
  const Count count = table.count(index.number);
  out.index_size_bytes = count.bytes;
  out.item_count = count.items;
  out.index_arn = table.arn() + "/index/" + index.name;
  return out;
}

// The key has an id as on AWS, the same for all tables of an account and region. Nothing is encrypted with it.
wire::SSEDescription describe_encryption(const Table& table) {
  std::string id = base::hex_encode(base::md5(table.account + "/" + table.region + "/alias/aws/dynamodb"));
  for (const std::size_t at : {20, 16, 12, 8}) id.insert(at, 1, '-');
  wire::SSEDescription out;
  out.status = "ENABLED";
  out.sse_type = "KMS";
  out.kms_master_key_arn = make_arn("kms", table.region, table.account, "key/" + id);
  return out;
}

void describe_indexes(Table& table, std::string_view status, wire::TableDescription& out) {
  for (const Index& index : table.indexes) {
    if (!index.global) {
      if (!out.local_secondary_indexes) out.local_secondary_indexes.emplace();
      out.local_secondary_indexes->push_back(describe_index<wire::LocalSecondaryIndexDescription>(table, index));
      continue;
    }
    auto described = describe_index<wire::GlobalSecondaryIndexDescription>(table, index);
    described.index_status = index.filling ? "CREATING" : std::string(status);
    if (index.filling) described.backfilling = status != "UPDATING";
    described.provisioned_throughput = describe_throughput(index.throughput);
    described.warm_throughput = describe_warm<wire::GlobalSecondaryIndexWarmThroughputDescription>(
        table.pay_per_request, index.throughput, status);
    if (!out.global_secondary_indexes) out.global_secondary_indexes.emplace();
    out.global_secondary_indexes->push_back(std::move(described));
  }
}

}  // namespace

base::Result<Throughput> read_throughput(const wire::ProvisionedThroughput& throughput, const std::string& index_name) {
  Throughput out;
  out.read_units = throughput.read_capacity_units.value_or(0);
  out.write_units = throughput.write_capacity_units.value_or(0);
  for (const bool read : {true, false}) {
    const int64_t units = read ? out.read_units : out.write_units;
    if (units < 1 || units > kThroughputMax)
      return invalid("Given value " + std::to_string(units) + " for " + (read ? "Read" : "Write") +
                     "CapacityUnits is out of bounds" + (index_name.empty() ? "" : " for index " + index_name));
  }
  return out;
}

base::Result<std::vector<std::pair<std::string, std::string>>> read_attribute_types(
    const std::optional<std::vector<wire::AttributeDefinition>>& definitions) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!definitions) return out;
  for (const auto& definition : *definitions) {
    const std::string name = definition.attribute_name.value_or("");
    const std::string type = definition.attribute_type.value_or("");
    if (name.empty() || name.size() > kKeyAttributeNameBytesMax)
      return invalid_parameters("The name of a key attribute must have 1 to 255 bytes");
    if (type != "S" && type != "N" && type != "B")
      return invalid_parameters("Member must satisfy enum value set: [B, N, S]");
    for (const auto& [other, other_type] : out)
      if (other == name) return invalid_parameters("Cannot define attribute twice: " + name);
    out.emplace_back(name, type);
  }
  return out;
}

base::Result<Index> define_global_index(Table& table, const std::optional<std::string>& name,
                                        const std::optional<std::vector<wire::KeySchemaElement>>& schema,
                                        const std::optional<wire::Projection>& projection,
                                        const std::optional<wire::ProvisionedThroughput>& throughput) {
  Index index;
  index.name = name.value_or("");
  TRY_ASSIGN(index.schema, read_schema(table, schema, false));
  TRY(read_projection(projection, index));
  if (table.pay_per_request && throughput)
    return invalid_parameters("ProvisionedThroughput should not be specified for index: " + index.name +
                              " when BillingMode is PAY_PER_REQUEST");
  if (!table.pay_per_request && !throughput)
    return invalid_parameters("ProvisionedThroughput must be specified for index: " + index.name);
  if (throughput) {
    TRY_ASSIGN(index.throughput, read_throughput(*throughput, index.name));
  }
  TRY(add_index(table, index));
  if (static_cast<std::size_t>(std::ranges::count(table.indexes, true, &Index::global)) > kGlobalIndexesMax)
    return invalid_parameters("GlobalSecondaryIndex count exceeds the per-table limit of 20");
  return table.indexes.back();
}

base::Result<void> check_all_definitions_used(const Table& table) {
  std::vector<std::string> used = {table.schema.hash};
  if (table.schema.has_range()) used.push_back(table.schema.range);
  for (const Index& index : table.indexes)
    for (const std::string* name : {&index.schema.hash, &index.schema.range})
      if (!name->empty() && std::ranges::find(used, *name) == used.end()) used.push_back(*name);
  if (used.size() >= table.attribute_types.size()) return {};
  if (table.indexes.empty())
    return invalid_parameters(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  return invalid_parameters("Some AttributeDefinitions are not used. AttributeDefinitions: " +
                            names_text(table.attribute_types, [](const auto& p) { return p.first; }) +
                            ", keys used: " + names_text(used, [](const std::string& n) { return n; }));
}

base::Result<void> check_table_name(std::string_view name, std::size_t bytes_min) {
  const bool legal = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
  std::vector<std::string> broken;
  if (!legal || name.empty()) broken.emplace_back("satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  if (name.size() < bytes_min) broken.push_back("have length greater than or equal to " + std::to_string(bytes_min));
  if (name.size() > kTableNameBytesMax)
    broken.push_back("have length less than or equal to " + std::to_string(kTableNameBytesMax));
  if (broken.empty()) return {};
  std::string text =
      std::to_string(broken.size()) + " validation error" + (broken.size() == 1 ? "" : "s") + " detected: ";
  for (std::size_t i = 0; i < broken.size(); ++i)
    text += (i == 0 ? "Value '" : "; Value '") + std::string(name) +
            "' at 'tableName' failed to satisfy constraint: Member must " + broken[i];
  return invalid(std::move(text));
}

base::Result<std::map<std::string, std::string>> merge_tags(std::map<std::string, std::string> tags,
                                                            const std::vector<wire::Tag>& added) {
  for (const wire::Tag& tag : added) {
    if (!tag.key || tag.key->empty() || tag.key->size() > 128 * 4 || !tag.value || tag.value->size() > 256 * 4)
      return invalid_parameters("A tag has a key of 1 to 128 and a value of 0 to 256 characters");
    if (tag.key->starts_with("aws:")) return invalid_parameters("Tag keys must not start with aws:");
    tags[*tag.key] = *tag.value;
  }
  if (tags.size() > kTagsMax) return invalid_parameters("Too many tags: a table may have at most 50");
  return tags;
}

base::Result<void> define_table(const wire::CreateTableInput& in, Table& table) {
  TRY(define_throughput(in, table));
  TRY_ASSIGN(table.attribute_types, read_attribute_types(in.attribute_definitions));
  TRY_ASSIGN(table.schema, read_schema(table, in.key_schema, true));
  TRY(define_indexes(in, table));
  TRY(check_all_definitions_used(table));
  if (in.stream_specification && in.stream_specification->stream_enabled.value_or(false))
    return invalid("Unsupported parameter: StreamSpecification.StreamEnabled=true (streams)");
  if (in.sse_specification) {
    TRY_ASSIGN(table.managed_key, read_encryption(*in.sse_specification));
  }
  table.table_class = in.table_class.value_or("");
  table.deletion_protection = in.deletion_protection_enabled.value_or(false);
  if (!in.tags) return {};
  TRY_ASSIGN(table.tags, merge_tags({}, *in.tags));
  return {};
}

base::Result<bool> read_encryption(const wire::SSESpecification& specification) {
  constexpr std::string_view kManaged = "alias/aws/dynamodb";
  const auto& key = specification.kms_master_key_id;
  if (specification.sse_type == "AES256") return invalid_parameters("SSEType AES256 is not supported");
  if (key && *key != kManaged && !key->ends_with(":" + std::string(kManaged)))
    return invalid("Unsupported parameter: SSESpecification.KMSMasterKeyId=" + *key + " (keys of KMS)");
  const bool enabled = specification.enabled.value_or(false);
  if (!enabled && (key || specification.sse_type))
    return invalid_parameters("SSEType or KMSMasterKeyId must not be specified when SSESpecification is not enabled");
  return enabled;
}

wire::TableDescription describe(Table& table, std::string_view status) {
  wire::TableDescription out;
  out.table_name = table.name;
  out.table_status = std::string(status);
  out.table_arn = table.arn();
  out.table_id = table.id;
  out.provisioned_throughput = describe_throughput(table.throughput);
  const Count count = table.count(0);
  out.item_count = count.items;
  out.table_size_bytes = count.bytes;
  out.deletion_protection_enabled = table.deletion_protection;
  if (table.pay_per_request || table.became_pay_per_request) {
    out.billing_mode_summary.emplace().billing_mode = table.pay_per_request ? "PAY_PER_REQUEST" : "PROVISIONED";
    if (status != "CREATING")
      out.billing_mode_summary->last_update_to_pay_per_request_date_time = table.became_pay_per_request;
  }
  if (!table.table_class.empty()) out.table_class_summary.emplace().table_class = table.table_class;
  if (table.managed_key) out.sse_description = describe_encryption(table);
  if (status == "DELETING") return out;
  for (const auto& [name, type] : table.attribute_types) {
    wire::AttributeDefinition definition;
    definition.attribute_name = name;
    definition.attribute_type = type;
    if (!out.attribute_definitions) out.attribute_definitions.emplace();
    out.attribute_definitions->push_back(std::move(definition));
  }
  out.key_schema = describe_schema(table.schema);
  out.creation_date_time = table.created;
  describe_indexes(table, status, out);
  if (status != "CREATING")
    out.warm_throughput =
        describe_warm<wire::TableWarmThroughputDescription>(table.pay_per_request, table.throughput, status);
  return out;
}

}  // namespace engine::dynamodb
