// What CreateTable and UpdateTable accept as a table's definition, and how a table is described to callers. Functions
// without state; describe_table takes the locks of stripes for the counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/dynamodb/shapes.h"
#include "engine/dynamodb/table.h"

namespace engine::dynamodb {

// ValidationException unless a table may have this name, of at least `bytes_min` bytes.
base::Result<void> check_table_name(std::string_view name, std::size_t bytes_min);

// Fills a new table's definition from the request, or fails with AWS's text for what is wrong (protocols.md 4.3 items
// 13 and 14). Identity (number, account, region, id, created) is the caller's to set.
base::Result<void> define_table(const wire::CreateTableInput& in, Table& table);

// An index of CreateTable or UpdateTable, checked against the table's attribute definitions; gets the next number.
base::Result<Index> define_global_index(Table& table, const std::optional<std::string>& name,
                                        const std::optional<std::vector<wire::KeySchemaElement>>& schema,
                                        const std::optional<wire::Projection>& projection,
                                        const std::optional<wire::ProvisionedThroughput>& throughput);
// Reads AttributeDefinitions.
base::Result<std::vector<std::pair<std::string, std::string>>> read_attribute_types(
    const std::optional<std::vector<wire::AttributeDefinition>>& definitions);
// Fails if an attribute is defined but is no key of anything.
base::Result<void> check_all_definitions_used(const Table& table);
// Of a table, or of the index with this name.
base::Result<Throughput> read_throughput(const wire::ProvisionedThroughput& throughput,
                                         const std::string& index_name = "");
// Whether SSESpecification asks for the account's key of KMS for DynamoDB (true) or for DynamoDB's own; any other key
// is refused by name, because there is no KMS here.
base::Result<bool> read_encryption(const wire::SSESpecification& specification);
// The tags that a table with `tags` has when `added` are added, at most 50.
base::Result<std::map<std::string, std::string>> merge_tags(std::map<std::string, std::string> tags,
                                                            const std::vector<wire::Tag>& added);

// `status` is shown for the table and its indexes: CREATING, UPDATING, ACTIVE or DELETING; an index that is being
// filled is CREATING. The caller holds the table's mutex in some way.
wire::TableDescription describe(Table& table, std::string_view status);

}  // namespace engine::dynamodb
