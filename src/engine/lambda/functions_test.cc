#include <set>

#include "engine/lambda/keys.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

TEST(Functions, LifecycleAsOnAws) {
  TestBed bed;
  const FunctionConfiguration created = bed.create("f");
  EXPECT_EQ(created.state, "Pending");
  EXPECT_EQ(created.state_reason, "The function is being created.");
  EXPECT_FALSE(created.last_update_status.has_value());
  const FunctionConfiguration now = bed.configuration("arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST");
  EXPECT_EQ(now.state, "Active");
  EXPECT_EQ(now.last_update_status, "Successful");
  EXPECT_NE(now.revision_id, created.revision_id);
  EXPECT_EQ(now.memory_size, 128);
  EXPECT_EQ(now.timeout, 3);
  EXPECT_EQ(now.code_size, 8);
  EXPECT_EQ(now.last_modified, "2023-11-14T22:13:20.000+0000");
  EXPECT_EQ(now.logging_config->log_group, "/aws/lambda/f");
  EXPECT_FALSE(now.environment.has_value());

  UpdateFunctionCodeRequest code;
  code.function_name = "f";
  code.zip_file = "other zip";
  EXPECT_EQ(bed.ok(&LambdaService::update_function_code, code).last_update_status, "InProgress");
  EXPECT_NE(bed.configuration("f").code_sha256, now.code_sha256);
  code.revision_id = now.revision_id;
  EXPECT_EQ(bed.error(&LambdaService::update_function_code, code),
            "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id");

  UpdateFunctionConfigurationRequest change;
  change.function_name = "f";
  change.timeout = 60;
  change.environment.emplace().variables = aws::Map<std::string>{{"A", "1"}};
  bed.ok(&LambdaService::update_function_configuration, change);
  bed.restart();
  EXPECT_EQ(bed.configuration("f").timeout, 60);
  EXPECT_EQ(*bed.configuration("f").environment->variables->find("A"), "1");

  const auto list = bed.ok(&LambdaService::list_functions, {});
  ASSERT_EQ(list.functions->size(), 1U);
  EXPECT_FALSE(list.functions->front().state.has_value());

  bed.ok(&LambdaService::delete_function, {"f", {}});
  EXPECT_EQ(bed.error(&LambdaService::delete_function, {"f", {}}),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f");
  EXPECT_TRUE(TestBed::eventually([&] { return bed.host.staged.empty(); }));
}

TEST(Functions, OneUpdateAtATime) {
  TestBed bed;
  bed.create("f");
  UpdateFunctionCodeRequest code;
  code.function_name = "f";
  code.zip_file = "other zip";
  std::string seen;
  bed.host.while_staging = [&] {
    const std::string busy =
        "ResourceConflictException: The operation cannot be performed at this time. An update is in progress for "
        "resource: arn:aws:lambda:eu-west-1:123456789012:function:f";
    UpdateFunctionConfigurationRequest change;
    change.function_name = "f";
    change.timeout = 60;
    EXPECT_EQ(bed.error(&LambdaService::update_function_code, code), busy);
    EXPECT_EQ(bed.error(&LambdaService::update_function_configuration, change), busy);
    PublishVersionRequest publish;
    publish.function_name = "f";
    EXPECT_EQ(bed.error(&LambdaService::publish_version, publish), busy);
    const FunctionConfiguration now = bed.configuration("f");
    EXPECT_EQ(now.state, "Active");
    EXPECT_EQ(now.last_update_status, "InProgress");
    EXPECT_EQ(bed.invoke("f").status_code, 200) << "the old code serves";
    seen = *now.code_sha256;
  };
  bed.ok(&LambdaService::update_function_code, code);
  EXPECT_EQ(bed.configuration("f").last_update_status, "Successful");
  EXPECT_NE(bed.configuration("f").code_sha256, seen);
  // An update that fails is over, too; one whose function is deleted meanwhile does nothing to its successor.
  code.zip_file = "bad";
  EXPECT_NE(bed.error(&LambdaService::update_function_code, code), "no error");
  code.zip_file = "third zip";
  bed.host.while_staging = [&] {
    bed.ok(&LambdaService::delete_function, {"f", {}});
    seen = *bed.create("f").code_sha256;
  };
  EXPECT_EQ(bed.error(&LambdaService::update_function_code, code),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f");
  EXPECT_EQ(bed.configuration("f").code_sha256, seen);
}

// Bytes of a disk are no bug of the engine: it stops and says what is damaged.
TEST(Functions, DamageInTheStoreStopsTheEngine) {
  for (const auto table :
       {keys::kFunctionTable, keys::kVersionTable, keys::kAliasTable, keys::kEventInvokeTable, keys::kMappingTable}) {
    TestBed bed;
    bed.close();
    store::WriteBatch batch;
    batch.put(store::KeyWriter(table).text("123456789012").text("eu-west-1").text("f").take(), "\xff\xff");
    bed.store->write(batch);
    EXPECT_EXIT(bed.open(), testing::ExitedWithCode(store::kFatalExitCode), "a row of Lambda");
  }
}

TEST(Functions, CreationIsRefusedInTheWordsOfAws) {
  TestBed bed;
  bed.create("f");
  const auto refused = [&](auto change) {
    CreateFunctionRequest in = TestBed::function("g");
    change(in);
    return bed.error(&LambdaService::create_function, std::move(in));
  };
  EXPECT_EQ(refused([](auto& in) { in.function_name = "f"; }), "ResourceConflictException: Function already exist: f");
  EXPECT_EQ(refused([](auto& in) { in.role = "arn:aws:iam::123456789012:role/unassumable"; }),
            "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.");
  EXPECT_TRUE(refused([](auto& in) { in.role = "worker"; }).starts_with("ValidationException: 1 validation error"));
  EXPECT_TRUE(refused([](auto& in) { in.runtime = "java21"; }).find("java21 is not run by this engine") !=
              std::string::npos);
  EXPECT_TRUE(refused([](auto& in) { in.runtime = "python3.7"; }).find("no longer supported") != std::string::npos);
  EXPECT_TRUE(refused([](auto& in) {
                in.runtime = "cobol";
              }).starts_with("InvalidParameterValueException: Value cobol at 'runtime' failed to satisfy"));
  EXPECT_EQ(refused([](auto& in) { in.code->zip_file = "bad"; }),
            "InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then try to upload "
            "again.");
  EXPECT_EQ(refused([](auto& in) { in.code->zip_file = std::string(52'428'801, 'z'); }),
            "RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes");
  EXPECT_TRUE(refused([](auto& in) {
                in.environment.emplace().variables = aws::Map<std::string>{{"AWS_REGION", "x"}};
              }).ends_with("Reserved keys used in this request: AWS_REGION"));
  EXPECT_TRUE(refused([](auto& in) {
                in.environment.emplace().variables = aws::Map<std::string>{{"A", std::string(4096, 'x')}};
              }).find("exceeded the 4KB limit. String measured: {\"A\":\"xxx") != std::string::npos);
  EXPECT_EQ(refused([](auto& in) { in.code->s3_bucket = "b"; }),
            "InvalidParameterValueException: Please do not provide other FunctionCode parameters when providing a "
            "ZipFile.");
  EXPECT_EQ(refused([](auto& in) { in.code->zip_file.reset(); }),
            "InvalidParameterValueException: Please provide a source for function code.");
  EXPECT_TRUE(refused([](auto& in) {
                in.function_name = std::string(65, 'n');
              }).starts_with("InvalidParameterValueException: 1 validation error detected: Value 'nnn"));
  EXPECT_EQ(refused([](auto& in) { in.logging_config.emplace().application_log_level = "INFO"; }),
            "InvalidParameterValueException: LogLevel is not supported when LogFormat is set to \"Text\". Remove "
            "LogLevel from your request or change the LogFormat to \"JSON\" and try again.");
  EXPECT_NE(refused([](auto& in) { in.memory_size = 64; }), "no error");
  EXPECT_EQ(bed.host.staged.size(), 1U);  // that of f
}

TEST(Functions, NamesAreResolved) {
  TestBed bed;
  bed.create("f");
  const auto get = [&](const std::string& name, std::optional<std::string> qualifier = {}) {
    return bed.error(&LambdaService::get_function, {name, std::move(qualifier)});
  };
  EXPECT_EQ(get("123456789012:function:f"), "no error");
  EXPECT_EQ(get("f", "$LATEST"), "no error");
  EXPECT_EQ(get("f", "7"),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f:7");
  EXPECT_EQ(get("arn:aws:lambda:us-east-1:123456789012:function:f"),
            "ResourceNotFoundException: Functions from 'us-east-1' are not reachable in this region ('eu-west-1')");
  EXPECT_TRUE(get("arn:aws:lambda:eu-west-1:210987654321:function:f").starts_with("AccessDeniedException"));
  EXPECT_TRUE(get("f:$LATEST", "1").find("derived qualifier") != std::string::npos);
  EXPECT_EQ(get("arn:aws:lambda:eu-west-1:123456789012:function"),
            "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:function");
  EXPECT_EQ(
      bed.error(&LambdaService::invoke, TestBed::event("none")),
      "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:none:$LATEST");
}

TEST(Functions, PolicyTagsAndConcurrency) {
  TestBed bed;
  bed.create("f");
  EXPECT_EQ(bed.error(&LambdaService::get_policy, {"f", {}}),
            "ResourceNotFoundException: The resource you requested does not exist.");
  AddPermissionRequest add;
  add.function_name = "f";
  add.statement_id = "s3";
  add.action = "lambda:InvokeFunction";
  add.principal = "s3.amazonaws.com";
  add.source_arn = "arn:aws:s3:::in";
  add.source_account = "123456789012";
  const std::string statement = *bed.ok(&LambdaService::add_permission, add).statement;
  EXPECT_EQ(
      statement,
      R"({"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Condition":{"StringEquals":)"
      R"({"AWS:SourceAccount":"123456789012"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::in"}}})");
  EXPECT_TRUE(bed.error(&LambdaService::add_permission, add).starts_with("ResourceConflictException"));
  bed.restart();
  EXPECT_EQ(bed.ok(&LambdaService::get_policy, {"f", {}}).policy,
            R"({"Version":"2012-10-17","Id":"default","Statement":[)" + statement + "]}");
  bed.ok(&LambdaService::remove_permission, {"f", "s3", {}, {}});
  EXPECT_EQ(bed.error(&LambdaService::remove_permission, {"f", "s3", {}, {}}),
            "ResourceNotFoundException: No policy found for: arn:aws:lambda:eu-west-1:123456789012:function:f");
  EXPECT_EQ(bed.error(&LambdaService::get_policy, {"f", "77"}),
            "ResourceNotFoundException: The resource you requested does not exist.");

  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  bed.ok(&LambdaService::tag_resource, {arn, aws::Map<std::string>{{"a", "1"}, {"b", "2"}}});
  bed.ok(&LambdaService::untag_resource, {arn, std::vector<std::string>{"a"}});
  EXPECT_EQ(bed.ok(&LambdaService::list_tags, {arn}).tags->size(), 1U);
  EXPECT_EQ(bed.error(&LambdaService::tag_resource, {arn + ":live", aws::Map<std::string>{{"a", "1"}}}),
            "InvalidParameterValueException: Tags on function aliases and versions are not supported. Please specify a "
            "function ARN.");
  EXPECT_EQ(bed.error(&LambdaService::tag_resource, {arn, aws::Map<std::string>{{"aws:a", "1"}}}),
            "InvalidParameterValueException: The tag key aws:a must not begin with aws:");

  EXPECT_FALSE(bed.ok(&LambdaService::get_function_concurrency, {"f"}).reserved_concurrent_executions.has_value());
  bed.ok(&LambdaService::put_function_concurrency, {"f", 7});
  EXPECT_EQ(bed.ok(&LambdaService::get_function, {"f", {}}).concurrency->reserved_concurrent_executions, 7);
  EXPECT_TRUE(bed.error(&LambdaService::put_function_concurrency, {"f", 901}).find("[100]") != std::string::npos);
  bed.ok(&LambdaService::delete_function_concurrency, {"f"});
  EXPECT_FALSE(bed.ok(&LambdaService::get_function_concurrency, {"f"}).reserved_concurrent_executions.has_value());
}

TEST(Functions, RevisionsChangeWithPermissionsTagsAndVersions) {
  TestBed bed;
  bed.create("f");
  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  std::set<std::string> seen;
  const auto is_new = [&] { return seen.insert(*bed.configuration("f").revision_id).second; };
  EXPECT_TRUE(is_new());
  AddPermissionRequest add;
  add.function_name = "f";
  add.statement_id = "s3";
  add.action = "lambda:InvokeFunction";
  add.principal = "s3.amazonaws.com";
  add.revision_id = "other";
  EXPECT_TRUE(bed.error(&LambdaService::add_permission, add).starts_with("PreconditionFailedException"));
  add.revision_id = bed.configuration("f").revision_id;
  bed.ok(&LambdaService::add_permission, add);
  EXPECT_TRUE(is_new());
  EXPECT_EQ(bed.ok(&LambdaService::get_policy, {"f", {}}).revision_id, bed.configuration("f").revision_id);
  bed.ok(&LambdaService::remove_permission, {"f", "s3", {}, {}});
  EXPECT_TRUE(is_new());
  bed.ok(&LambdaService::tag_resource, {arn, aws::Map<std::string>{{"a", "1"}}});
  EXPECT_TRUE(is_new());
  bed.ok(&LambdaService::untag_resource, {arn, std::vector<std::string>{"a"}});
  EXPECT_TRUE(is_new());
  PublishVersionRequest publish;
  publish.function_name = "f";
  const FunctionConfiguration version = bed.ok(&LambdaService::publish_version, publish);
  EXPECT_EQ(version.state, "Active");
  EXPECT_EQ(version.last_update_status, "Successful");
  EXPECT_TRUE(is_new());
  publish.description = "of the version alone";
  EXPECT_EQ(bed.ok(&LambdaService::publish_version, publish).version, "1") << "$LATEST is as it was";
  UpdateFunctionConfigurationRequest update;
  update.function_name = "f";
  update.description = "new";
  bed.ok(&LambdaService::update_function_configuration, update);
  EXPECT_EQ(bed.ok(&LambdaService::publish_version, publish).version, "2") << "a description is a change";
  EXPECT_EQ(bed.ok(&LambdaService::publish_version, publish).version, "2");
}

TEST(Functions, WhatIsAtItsDefaultIsAnswered) {
  TestBed bed;
  bed.create("f");
  EXPECT_EQ(bed.ok(&LambdaService::get_runtime_management_config, {"f", {}}).update_runtime_on, "Auto");
  EXPECT_EQ(bed.ok(&LambdaService::get_function_recursion_config, {"f"}).recursive_loop, "Terminate");
  EXPECT_EQ(bed.error(&LambdaService::get_provisioned_concurrency_config, {"f", "$LATEST"}),
            "ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this function");
  EXPECT_TRUE(bed.ok(&LambdaService::list_provisioned_concurrency_configs, {"f", {}, {}})
                  .provisioned_concurrency_configs->empty());
  EXPECT_EQ(bed.error(&LambdaService::get_function_url_config, {"f", {}}),
            "ResourceNotFoundException: The resource you requested does not exist.");
  EXPECT_TRUE(bed.ok(&LambdaService::list_function_url_configs, {"f", {}, {}}).function_url_configs->empty());
  EXPECT_TRUE(bed.ok(&LambdaService::list_layers, ListLayersRequest()).layers->empty());
  EXPECT_TRUE(bed.ok(&LambdaService::list_layer_versions, ListLayerVersionsRequest()).layer_versions->empty());
  EXPECT_TRUE(
      bed.ok(&LambdaService::list_code_signing_configs, ListCodeSigningConfigsRequest()).code_signing_configs->empty());
  EXPECT_TRUE(
      bed.error(&LambdaService::get_function_recursion_config, {"none"}).starts_with("ResourceNotFoundException"));
  PublishVersionRequest publish;
  publish.function_name = "f";
  bed.ok(&LambdaService::publish_version, publish);
  const auto scaling = bed.ok(&LambdaService::get_function_scaling_config, {"f", "1"});
  EXPECT_TRUE(scaling.function_arn->ends_with(":function:f:1"));
  EXPECT_FALSE(scaling.applied_function_scaling_config || scaling.requested_function_scaling_config);
  EXPECT_TRUE(
      bed.error(&LambdaService::get_function_scaling_config, {"f", "2"}).starts_with("ResourceNotFoundException"));
  EXPECT_TRUE(
      bed.ok(&LambdaService::list_capacity_providers, ListCapacityProvidersRequest()).capacity_providers->empty());
  ListDurableExecutionsByFunctionRequest executions;
  executions.function_name = "f";
  EXPECT_TRUE(bed.ok(&LambdaService::list_durable_executions_by_function, executions).durable_executions->empty());
  const std::string gone = "ResourceNotFoundException: The resource you requested does not exist.";
  EXPECT_EQ(bed.error(&LambdaService::get_layer_version, {"l", 1}), gone);
  EXPECT_EQ(bed.error(&LambdaService::get_layer_version_by_arn, {"arn:aws:lambda:eu-west-1:1:layer:l:1"}), gone);
  EXPECT_TRUE(bed.error(&LambdaService::get_layer_version_policy, {"l", 1}).ends_with(":layer:l:1 does not exist."));
  EXPECT_TRUE(bed.error(&LambdaService::get_capacity_provider, {"c"}).starts_with("ResourceNotFoundException"));
  EXPECT_TRUE(bed.error(&LambdaService::get_code_signing_config, {"arn"}).ends_with(" arn can not be found."));
}

TEST(Functions, TracingAndLoggingAreShown) {
  TestBed bed;
  CreateFunctionRequest in = TestBed::function("f");
  in.tracing_config.emplace().mode = "Active";
  in.logging_config.emplace().log_format = "JSON";
  in.logging_config->system_log_level = "WARN";
  in.logging_config->log_group = "/shared";
  bed.ok(&LambdaService::create_function, in);
  bed.restart();
  FunctionConfiguration now = bed.configuration("f");
  EXPECT_EQ(now.tracing_config->mode, "Active");
  EXPECT_EQ(now.logging_config->log_format, "JSON");
  EXPECT_EQ(now.logging_config->application_log_level, "INFO");
  EXPECT_EQ(now.logging_config->system_log_level, "WARN");
  EXPECT_EQ(now.logging_config->log_group, "/shared");
  UpdateFunctionConfigurationRequest update;
  update.function_name = "f";
  update.logging_config.emplace().log_format = "Text";
  bed.ok(&LambdaService::update_function_configuration, update);
  now = bed.configuration("f");
  EXPECT_FALSE(now.logging_config->application_log_level);
  EXPECT_EQ(now.logging_config->log_group, "/shared");
  EXPECT_EQ(now.tracing_config->mode, "Active");
}

// A package that a crash has left without a function, under the number that the next one gets.
TEST(Functions, CodeThatNothingRefersToIsErasedAtStart) {
  TestBed bed;
  bed.create("f");
  store::WriteBatch batch;
  for (uint64_t chunk = 0; chunk < 3; ++chunk) batch.put(keys::code_chunk(2, chunk), "left over");
  bed.store->write(batch);
  bed.restart();
  EXPECT_FALSE(bed.store->get(keys::code_chunk(2, 2)));
  bed.create("g");
  bed.restart();
  bed.invoke("g");
  const std::lock_guard lock(bed.host.mutex);
  EXPECT_EQ(bed.host.staged[bed.host.specs.back().code_directory], "zip of g");
}

}  // namespace
}  // namespace engine::lambda
