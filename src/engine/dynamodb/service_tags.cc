// The tags of tables.
#include "engine/arn.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/table_definition.h"

namespace engine::dynamodb {

base::Result<DynamoDbService::TablePtr> DynamoDbService::find_table_by_arn(const aws::Context& context,
                                                                           const std::optional<std::string>& arn) {
  const auto parsed = Arn::parse(arn.value_or(""));
  if (!parsed || parsed->service != "dynamodb" || !parsed->resource.starts_with("table/") ||
      parsed->resource.find('/', 6) != std::string::npos)
    return invalid("Invalid TableArn: Invalid ResourceArn provided as input " + arn.value_or(""));
  auto table = find_table(context, arn, true);
  if (!table && table.error().code == "ResourceNotFoundException") return not_found("ResourcArn: " + *arn);
  return table;
}

base::Result<wire::TagResourceResponse> DynamoDbService::tag_resource(aws::Context& context,
                                                                      wire::TagResourceInput in) {
  if (!in.tags || in.tags->empty()) return invalid("Atleast one Tag needs to be provided as Input.");
  TRY_ASSIGN(const TablePtr table, find_table_by_arn(context, in.resource_arn));
  const std::unique_lock lock(table->mutex);
  if (table->deleted) return not_found("ResourcArn: " + *in.resource_arn);
  TRY_ASSIGN(table->tags, merge_tags(table->tags, *in.tags));
  write_definition(*table);
  return wire::TagResourceResponse{};
}

base::Result<wire::UntagResourceResponse> DynamoDbService::untag_resource(aws::Context& context,
                                                                          wire::UntagResourceInput in) {
  if (!in.tag_keys || in.tag_keys->empty()) return invalid("Atleast one Tag Key needs to be provided as Input.");
  TRY_ASSIGN(const TablePtr table, find_table_by_arn(context, in.resource_arn));
  const std::unique_lock lock(table->mutex);
  if (table->deleted) return not_found("ResourcArn: " + *in.resource_arn);
  for (const std::string& key : *in.tag_keys) table->tags.erase(key);
  write_definition(*table);
  return wire::UntagResourceResponse{};
}

base::Result<wire::ListTagsOfResourceOutput> DynamoDbService::list_tags_of_resource(aws::Context& context,
                                                                                    wire::ListTagsOfResourceInput in) {
  TRY_ASSIGN(const TablePtr table, find_table_by_arn(context, in.resource_arn));
  const std::shared_lock lock(table->mutex);
  wire::ListTagsOfResourceOutput out;
  out.tags.emplace();
  // The token is the last key of the page before.
  for (auto it = in.next_token ? table->tags.upper_bound(*in.next_token) : table->tags.begin(); it != table->tags.end();
       ++it) {
    if (out.tags->size() == kTagsPageMax) {
      out.next_token = out.tags->back().key;
      break;
    }
    wire::Tag& tag = out.tags->emplace_back();
    tag.key = it->first;
    tag.value = it->second;
  }
  return out;
}

}  // namespace engine::dynamodb
