// What infrastructure tools ask of every table and nobody set up: answered as AWS answers it by default.
#include <gtest/gtest.h>

#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

class DefaultsTest : public DynamoDbTest {
 protected:
  template <class Input>
  static Input of(const std::string& table) {
    Input in;
    in.table_name = table;
    return in;
  }
};

TEST_F(DefaultsTest, ReadsOfWhatIsAtItsDefault) {
  create("tab");
  EXPECT_EQ(service->describe_time_to_live(context, of<wire::DescribeTimeToLiveInput>("tab"))
                ->time_to_live_description->time_to_live_status,
            "DISABLED");
  const auto backups = service->describe_continuous_backups(context, of<wire::DescribeContinuousBackupsInput>("tab"));
  EXPECT_EQ(backups->continuous_backups_description->continuous_backups_status, "ENABLED");
  const auto insights =
      service->describe_contributor_insights(context, of<wire::DescribeContributorInsightsInput>("tab"));
  EXPECT_EQ(insights->contributor_insights_status, "DISABLED");
  const auto kinesis = service->describe_kinesis_streaming_destination(
      context, of<wire::DescribeKinesisStreamingDestinationInput>("tab"));
  EXPECT_EQ(kinesis->table_name, "tab");
  EXPECT_TRUE(kinesis->kinesis_data_stream_destinations->empty());
  const auto scaling =
      service->describe_table_replica_auto_scaling(context, of<wire::DescribeTableReplicaAutoScalingInput>("tab"));
  EXPECT_TRUE(scaling->table_auto_scaling_description->replicas->empty());
  EXPECT_EQ(service->describe_limits(context, {})->table_max_read_capacity_units, 40000);
  EXPECT_TRUE(service->list_backups(context, {})->backup_summaries->empty());
  EXPECT_TRUE(service->list_contributor_insights(context, {})->contributor_insights_summaries->empty());
  EXPECT_TRUE(service->list_exports(context, {})->export_summaries->empty());
  EXPECT_TRUE(service->list_imports(context, {})->import_summary_list->empty());
  EXPECT_TRUE(service->list_global_tables(context, {})->global_tables->empty());
  context.endpoint = "http://127.0.0.1:4566";
  EXPECT_EQ(service->describe_endpoints(context, {})->endpoints->at(0).address, "127.0.0.1:4566");
}

TEST_F(DefaultsTest, WhatIsNotThereIsNotFound) {
  create("tab");
  wire::GetResourcePolicyInput policy;
  policy.resource_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/tab";
  EXPECT_EQ(service->get_resource_policy(context, policy).error().code, "PolicyNotFoundException");
  policy.resource_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/none";
  EXPECT_EQ(service->get_resource_policy(context, policy).error().code, "ResourceNotFoundException");
  EXPECT_EQ(service->describe_backup(context, {}).error().code, "BackupNotFoundException");
  EXPECT_EQ(service->describe_export(context, {}).error().code, "ExportNotFoundException");
  EXPECT_EQ(service->describe_import(context, {}).error().code, "ImportNotFoundException");
  EXPECT_EQ(service->describe_global_table(context, {}).error().code, "GlobalTableNotFoundException");
  EXPECT_EQ(service->describe_global_table_settings(context, {}).error().code, "GlobalTableNotFoundException");
  const auto insights =
      service->describe_contributor_insights(context, of<wire::DescribeContributorInsightsInput>("none"));
  EXPECT_EQ(insights.error().code, "ResourceNotFoundException");
}

TEST_F(DefaultsTest, EncryptionWithAwssOwnKeysIsAHint) {
  const auto created = [&](const std::string& name, auto change) {
    auto in = table_input(name, false);
    change(in.sse_specification.emplace());
    return service->create_table(context, in);
  };
  ASSERT_TRUE(created("owned", [](auto& sse) { sse.enabled = false; }));
  EXPECT_FALSE(describe_table("owned").sse_description);
  ASSERT_TRUE(created("managed", [](auto& sse) { sse.enabled = true; }));
  ASSERT_TRUE(created("named", [](auto& sse) {
    sse.enabled = true;
    sse.sse_type = "KMS";
    sse.kms_master_key_id = "alias/aws/dynamodb";
  }));
  restart();
  const auto shown = describe_table("managed").sse_description;
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->status, "ENABLED");
  EXPECT_EQ(shown->sse_type, "KMS");
  EXPECT_TRUE(shown->kms_master_key_arn->starts_with("arn:aws:kms:eu-west-1:123456789012:key/"));
  EXPECT_EQ(shown->kms_master_key_arn->size(), std::string("arn:aws:kms:eu-west-1:123456789012:key/").size() + 36);
  EXPECT_EQ(describe_table("named").sse_description, shown) << "one key for all tables";
  EXPECT_EQ(created("own",
                    [](auto& sse) {
                      sse.enabled = true;
                      sse.kms_master_key_id = "alias/mine";
                    })
                .error()
                .message,
            "Unsupported parameter: SSESpecification.KMSMasterKeyId=alias/mine (keys of KMS)");
  wire::UpdateTableInput update;
  update.table_name = "managed";
  update.sse_specification.emplace().enabled = false;
  ASSERT_TRUE(service->update_table(context, update));
  EXPECT_FALSE(describe_table("managed").sse_description);
}

}  // namespace
}  // namespace engine::dynamodb
