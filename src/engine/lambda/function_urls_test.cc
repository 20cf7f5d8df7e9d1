// Function URLs: the operations of the API, and what they leave in the store.
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

const std::string kArn = "arn:aws:lambda:eu-west-1:123456789012:function:f";

CreateFunctionUrlConfigRequest url_of(const std::string& name, const std::string& auth_type = "NONE") {
  CreateFunctionUrlConfigRequest in;
  in.function_name = name;
  in.auth_type = auth_type;
  return in;
}

template <class In>
In named(const std::string& name) {
  In in;
  in.function_name = name;
  return in;
}

void make_alias(TestBed& bed, const std::string& name) {
  bed.ok(&LambdaService::publish_version, named<PublishVersionRequest>("f"));
  CreateAliasRequest in;
  in.function_name = "f";
  in.name = name;
  in.function_version = "1";
  bed.ok(&LambdaService::create_alias, std::move(in));
}

std::vector<FunctionUrlConfig> list(TestBed& bed) {
  return *bed.ok(&LambdaService::list_function_url_configs, named<ListFunctionUrlConfigsRequest>("f"))
              .function_url_configs;
}

const std::string kNone = "ResourceNotFoundException: The resource you requested does not exist.";

TEST(FunctionUrls, LiveAndSurviveARestart) {
  TestBed bed;
  bed.create("f");
  EXPECT_TRUE(list(bed).empty());
  CreateFunctionUrlConfigRequest create = url_of("f", "AWS_IAM");
  Cors cors;
  cors.allow_origins = {"https://shop.example"};
  cors.allow_methods = std::vector<std::string>();
  cors.allow_credentials = false;
  cors.max_age = 0;
  create.cors = cors;
  const auto made = bed.ok(&LambdaService::create_function_url_config, create);
  EXPECT_TRUE(made.function_url->starts_with("http://localhost:4566/_till/url/")) << *made.function_url;
  EXPECT_EQ(made.function_arn, kArn);
  EXPECT_EQ(made.auth_type, "AWS_IAM");
  EXPECT_EQ(made.invoke_mode, "BUFFERED");
  EXPECT_EQ(made.cors, cors);
  EXPECT_EQ(made.creation_time->size(), std::string("2024-01-02T03:04:05.678901Z").size());
  bed.env.clock.advance(seconds(1));
  UpdateFunctionUrlConfigRequest update = named<UpdateFunctionUrlConfigRequest>(kArn);
  update.auth_type = "NONE";
  const auto updated = bed.ok(&LambdaService::update_function_url_config, update);
  EXPECT_EQ(updated.auth_type, "NONE");
  EXPECT_EQ(updated.cors, cors) << "it was not given";
  EXPECT_EQ(updated.creation_time, made.creation_time);
  EXPECT_GT(*updated.last_modified_time, *made.creation_time);
  bed.restart();
  const auto read = bed.ok(&LambdaService::get_function_url_config, named<GetFunctionUrlConfigRequest>("f"));
  EXPECT_EQ(read.function_url, made.function_url);
  EXPECT_EQ(read.auth_type, "NONE");
  EXPECT_EQ(read.cors, cors);
  EXPECT_EQ(read.last_modified_time, updated.last_modified_time);
  ASSERT_EQ(list(bed).size(), 1);
  bed.ok(&LambdaService::delete_function_url_config, named<DeleteFunctionUrlConfigRequest>("f"));
  EXPECT_EQ(bed.error(&LambdaService::get_function_url_config, named<GetFunctionUrlConfigRequest>("f")), kNone);
  bed.restart();
  EXPECT_TRUE(list(bed).empty());
}

TEST(FunctionUrls, BelongToAFunctionOrAnAlias) {
  TestBed bed;
  bed.create("f");
  make_alias(bed, "live");
  const auto latest = bed.ok(&LambdaService::create_function_url_config, url_of("f"));
  const auto live = bed.ok(&LambdaService::create_function_url_config, url_of("f:live"));
  EXPECT_EQ(live.function_arn, kArn + ":live");
  EXPECT_NE(live.function_url, latest.function_url);
  GetFunctionUrlConfigRequest by_qualifier = named<GetFunctionUrlConfigRequest>("f");
  by_qualifier.qualifier = "live";
  EXPECT_EQ(bed.ok(&LambdaService::get_function_url_config, by_qualifier).function_url, live.function_url);
  ListFunctionUrlConfigsRequest page = named<ListFunctionUrlConfigsRequest>("f");
  page.max_items = 1;
  const auto first = bed.ok(&LambdaService::list_function_url_configs, page);
  EXPECT_EQ(first.function_url_configs->front().function_arn, kArn);
  page.marker = first.next_marker;
  const auto second = bed.ok(&LambdaService::list_function_url_configs, page);
  EXPECT_EQ(second.function_url_configs->front().function_arn, kArn + ":live");
  EXPECT_FALSE(second.next_marker);

  DeleteAliasRequest gone = named<DeleteAliasRequest>("f");
  gone.name = "live";
  bed.ok(&LambdaService::delete_alias, gone);
  EXPECT_EQ(list(bed).size(), 1);
  make_alias(bed, "live");
  EXPECT_EQ(list(bed).size(), 1) << "the URL went with its alias";
  bed.restart();
  EXPECT_EQ(list(bed).size(), 1);
  bed.ok(&LambdaService::delete_function, named<DeleteFunctionRequest>("f"));
  EXPECT_EQ(bed.error(&LambdaService::list_function_url_configs, named<ListFunctionUrlConfigsRequest>("f")),
            "ResourceNotFoundException: Function does not exist");
  bed.create("f");
  bed.restart();
  EXPECT_TRUE(list(bed).empty()) << "and with its function";
}

TEST(FunctionUrls, AreRefusedInWords) {
  TestBed bed;
  bed.create("f");
  EXPECT_EQ(bed.error(&LambdaService::create_function_url_config, url_of("g")),
            "ResourceNotFoundException: Function does not exist");
  EXPECT_EQ(bed.error(&LambdaService::create_function_url_config, url_of("f:live")),
            "ResourceNotFoundException: Function does not exist");
  CreateFunctionUrlConfigRequest streamed = url_of("f");
  streamed.invoke_mode = "RESPONSE_STREAM";
  EXPECT_TRUE(bed.error(&LambdaService::create_function_url_config, streamed)
                  .starts_with("InvalidParameterValueException: InvokeMode RESPONSE_STREAM is not supported"));
  CreateFunctionUrlConfigRequest odd = url_of("f");
  odd.cors.emplace().allow_methods = {"GET", "BREW"};
  EXPECT_TRUE(bed.error(&LambdaService::create_function_url_config, odd)
                  .starts_with("InvalidParameterValueException: Cors.AllowMethods has the method BREW"));
  bed.ok(&LambdaService::create_function_url_config, url_of("f"));
  EXPECT_EQ(bed.error(&LambdaService::create_function_url_config, url_of("f:$LATEST")),
            "ResourceConflictException: Failed to create function url config for [functionArn = " + kArn +
                "]. Error message:  FunctionUrlConfig exists for this Lambda function");
  for (const std::string name : {"g", "f:live"}) {
    EXPECT_EQ(bed.error(&LambdaService::get_function_url_config, named<GetFunctionUrlConfigRequest>(name)), kNone);
    EXPECT_EQ(bed.error(&LambdaService::update_function_url_config, named<UpdateFunctionUrlConfigRequest>(name)),
              kNone);
    EXPECT_EQ(bed.error(&LambdaService::delete_function_url_config, named<DeleteFunctionUrlConfigRequest>(name)),
              kNone);
  }
}

TEST(FunctionUrls, HavePermissionsOfTheirOwn) {
  TestBed bed;
  bed.create("f");
  AddPermissionRequest add = named<AddPermissionRequest>("f");
  add.statement_id = "url";
  add.action = "lambda:InvokeFunction";
  add.principal = "*";
  add.function_url_auth_type = "NONE";
  EXPECT_EQ(bed.error(&LambdaService::add_permission, add),
            "InvalidParameterValueException: FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl "
            "action");
  add.action = "lambda:InvokeFunctionUrl";
  add.source_account = "123456789012";
  EXPECT_EQ(bed.ok(&LambdaService::add_permission, add).statement,
            R"({"Sid":"url","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":")" + kArn +
                R"(","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012",)"
                R"("lambda:FunctionUrlAuthType":"NONE"}}})");
  AddPermissionRequest via = named<AddPermissionRequest>("f");
  via.statement_id = "via";
  via.action = "lambda:InvokeFunction";
  via.principal = "*";
  via.invoked_via_function_url = true;
  EXPECT_EQ(bed.ok(&LambdaService::add_permission, via).statement,
            R"({"Sid":"via","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":")" + kArn +
                R"(","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}})");
}

}  // namespace
}  // namespace engine::lambda
