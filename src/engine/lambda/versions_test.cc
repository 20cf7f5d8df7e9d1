#include "engine/internal_call.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

const std::string kArn = "arn:aws:lambda:eu-west-1:123456789012:function:f";

// Functions that answer with what runs them: version, memory and code.
FakeHost::Body who(FakeHost& host) {
  return [&host](const auto& spec, const auto& request) {
    InvokeOutcome out;
    const std::lock_guard lock(host.mutex);
    out.payload =
        "\"" + spec.version + " " + host.staged[spec.code_directory] + " " + request.invoked_function_arn + "\"";
    return out;
  };
}

FunctionConfiguration publish(TestBed& bed) {
  PublishVersionRequest in;
  in.function_name = "f";
  return bed.ok(&LambdaService::publish_version, std::move(in));
}

void set_code(TestBed& bed, const std::string& zip) {
  UpdateFunctionCodeRequest in;
  in.function_name = "f";
  in.zip_file = zip;
  bed.ok(&LambdaService::update_function_code, std::move(in));
}

CreateAliasRequest alias(const std::string& name, const std::string& version) {
  CreateAliasRequest in;
  in.function_name = "f";
  in.name = name;
  in.function_version = version;
  return in;
}

TEST(Versions, KeepCodeAndConfiguration) {
  TestBed bed;
  bed.set_body(who(bed.host));
  CreateFunctionRequest create = TestBed::function("f");
  create.publish = true;
  const FunctionConfiguration created = bed.ok(&LambdaService::create_function, create);
  EXPECT_EQ(created.version, "1");
  EXPECT_EQ(created.function_arn, kArn);
  EXPECT_EQ(publish(bed).version, "1") << "nothing has changed";
  set_code(bed, "second zip");
  const FunctionConfiguration second = publish(bed);
  EXPECT_EQ(second.version, "2");
  EXPECT_EQ(second.function_arn, kArn + ":2");
  EXPECT_EQ(second.state, "Active");
  set_code(bed, "third zip");
  for (int i = 0; i < 2; ++i) {  // before and after a restart
    EXPECT_EQ(bed.invoke("f:1").payload, "\"1 zip of f " + kArn + ":1\"");
    EXPECT_EQ(bed.invoke("f:2").payload, "\"2 second zip " + kArn + ":2\"");
    EXPECT_EQ(bed.invoke("f").payload, "\"$LATEST third zip " + kArn + "\"");
    EXPECT_EQ(bed.invoke(kArn + ":2").executed_version, "2");
    EXPECT_EQ(bed.configuration("f:2").code_size, 10);
    EXPECT_EQ(bed.configuration("f:2").function_arn, kArn + ":2");
    bed.restart();
  }
  EXPECT_EQ(bed.sum("Invocations FunctionName=f Resource=f:1"), 2);
  EXPECT_EQ(bed.sum("Invocations FunctionName=f"), 8);
  ListVersionsByFunctionRequest list;
  list.function_name = "f";
  list.max_items = 1;
  std::string listed;
  for (;;) {
    const auto page = bed.ok(&LambdaService::list_versions_by_function, list);
    for (const auto& version : *page.versions) listed += *version.version + " ";
    if (!page.next_marker) break;
    list.marker = page.next_marker;
  }
  EXPECT_EQ(listed, "$LATEST 1 2 ");
  ListFunctionsRequest all;
  all.function_version = "ALL";
  all.max_items = 2;
  listed.clear();
  for (;;) {
    const auto page = bed.ok(&LambdaService::list_functions, all);
    for (const auto& version : *page.functions) listed += *version.function_arn + " ";
    if (!page.next_marker) break;
    all.marker = page.next_marker;
  }
  EXPECT_EQ(listed, kArn + ":$LATEST " + kArn + ":1 " + kArn + ":2 ");

  EXPECT_EQ(bed.error(&LambdaService::delete_function, {"f", "$LATEST"}),
            "InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function.");
  bed.ok(&LambdaService::delete_function, {"f", "1"});
  EXPECT_EQ(bed.error(&LambdaService::invoke, TestBed::event("f:1")),
            "ResourceNotFoundException: Function not found: " + kArn + ":1");
  bed.ok(&LambdaService::delete_function, {"f", {}});
  EXPECT_TRUE(TestBed::eventually([&] { return bed.host.staged.empty(); }));
  const std::string code = "lambda/code";
  EXPECT_FALSE(bed.store->scan(code, code + "\x7f")->valid()) << "no code is left behind";
  bed.create("f");
  EXPECT_EQ(publish(bed).version, "1");
}

TEST(Versions, PublishingChecksWhatTheCallerKnows) {
  TestBed bed;
  bed.create("f");
  PublishVersionRequest in;
  in.function_name = "f";
  in.code_sha256 = "other";
  EXPECT_TRUE(bed.error(&LambdaService::publish_version, in)
                  .starts_with("InvalidParameterValueException: CodeSHA256 (other) is different from current"));
  in.code_sha256.reset();
  in.revision_id = "other";
  EXPECT_TRUE(bed.error(&LambdaService::publish_version, in).starts_with("PreconditionFailedException"));
  UpdateFunctionCodeRequest code;
  code.function_name = "f";
  code.zip_file = "new zip";
  code.publish = true;
  const auto out = bed.ok(&LambdaService::update_function_code, code);
  EXPECT_EQ(out.version, "1");
  EXPECT_EQ(out.function_arn, kArn + ":1");
}

TEST(Versions, AliasesLeadToThem) {
  TestBed bed;
  bed.set_body(who(bed.host));
  bed.create("f");
  publish(bed);
  set_code(bed, "second zip");
  publish(bed);
  const AliasConfiguration live = bed.ok(&LambdaService::create_alias, alias("live", "1"));
  EXPECT_EQ(live.alias_arn, kArn + ":live");
  EXPECT_EQ(live.description, "");
  EXPECT_EQ(bed.error(&LambdaService::create_alias, alias("live", "1")),
            "ResourceConflictException: Alias already exists: " + kArn + ":live");
  EXPECT_EQ(bed.error(&LambdaService::create_alias, alias("next", "9")),
            "ResourceNotFoundException: Function not found: " + kArn + ":9");
  EXPECT_EQ(bed.error(&LambdaService::get_alias, {"f", "none"}),
            "ResourceNotFoundException: Cannot find alias arn: " + kArn + ":none");
  UpdateAliasRequest none;
  none.function_name = "f";
  none.name = "none";
  EXPECT_EQ(bed.error(&LambdaService::update_alias, none),
            "ResourceNotFoundException: Alias not found: " + kArn + ":none");
  CreateAliasRequest lost = alias("live", "1");
  lost.function_name = "nowhere";
  EXPECT_TRUE(bed.error(&LambdaService::create_alias, lost).ends_with(":function:nowhere:1"));
  CreateAliasRequest weighted = alias("heavy", "1");
  weighted.routing_config.emplace().additional_version_weights = aws::Map<double>{{"2", -1.0}};
  EXPECT_NE(bed.error(&LambdaService::create_alias, weighted).find("Value '{2=-1.0}'"), std::string::npos);
  EXPECT_EQ(bed.invoke("f:live").payload, "\"1 zip of f " + kArn + ":live\"");
  EXPECT_TRUE(bed.error(&LambdaService::delete_function, {"f", "1"}).starts_with("ResourceConflictException"));

  UpdateAliasRequest update;
  update.function_name = "f";
  update.name = "live";
  update.routing_config.emplace().additional_version_weights = aws::Map<double>{{"2", 0.5}};
  bed.ok(&LambdaService::update_alias, update);
  bed.restart();
  std::map<std::string, int> runs;
  for (int i = 0; i < 100; ++i) ++runs[*bed.invoke("f:live").executed_version];
  EXPECT_GT(runs["1"], 20);
  EXPECT_GT(runs["2"], 20);
  for (const std::string version : {"1", "2"}) {
    EXPECT_EQ(bed.sum("Invocations FunctionName=f Resource=f:live ExecutedVersion=" + version),
              runs[version] + (version == "1" ? 1 : 0));
  }
  EXPECT_EQ(bed.sum("Invocations FunctionName=f Resource=f:live"), 101);
  EXPECT_EQ(bed.sum("Invocations"), 101);
  update.routing_config->additional_version_weights = aws::Map<double>{{"1", 0.5}};
  EXPECT_TRUE(bed.error(&LambdaService::update_alias, update).find("already included in routing") != std::string::npos);
  update.routing_config->additional_version_weights = aws::Map<double>{};
  update.function_version = "2";
  bed.ok(&LambdaService::update_alias, update);
  EXPECT_EQ(bed.invoke("f:live").executed_version, "2");
  EXPECT_EQ(bed.ok(&LambdaService::list_aliases, {"f", "2", {}, {}}).aliases->size(), 1U);
  EXPECT_EQ(bed.ok(&LambdaService::list_aliases, {"f", "1", {}, {}}).aliases->size(), 0U);
  bed.invoke("f:live", "{}", "Event");
  EXPECT_TRUE(TestBed::eventually([&] { return bed.lambda->async_pending() == 0; }));
  bed.ok(&LambdaService::delete_alias, {"f", "live"});
  bed.ok(&LambdaService::delete_alias, {"f", "live"});
  EXPECT_NE(bed.error(&LambdaService::invoke, TestBed::event("f:live")), "no error");
}

TEST(Versions, AliasesHavePoliciesOfTheirOwn) {
  TestBed bed([](LambdaOptions& options) {
    options.allows = [](const std::string& policy, const aws::Context&, std::string_view, std::string_view resource) {
      return policy.find("\"" + std::string(resource) + "\"") != std::string::npos;
    };
  });
  bed.create("f");
  publish(bed);
  bed.ok(&LambdaService::create_alias, alias("live", "1"));
  AddPermissionRequest add;
  add.function_name = "f";
  add.qualifier = "live";
  add.statement_id = "s";
  add.action = "lambda:InvokeFunction";
  add.principal = "sns.amazonaws.com";
  bed.ok(&LambdaService::add_permission, add);
  const auto call = [&](const std::string& name) {
    aws::Context context = service_call(bed.env.env, "123456789012", "eu-west-1", "sns.amazonaws.com", "arn");
    return bed.lambda->invoke(context, TestBed::event(name)).has_value();
  };
  EXPECT_TRUE(call("f:live"));
  EXPECT_FALSE(call("f"));
  EXPECT_FALSE(call("f:1"));
  bed.restart();
  EXPECT_TRUE(call("f:live"));
  add.qualifier = "9";
  EXPECT_NE(bed.error(&LambdaService::add_permission, add), "no error");
  bed.ok(&LambdaService::remove_permission, {"f", "s", "live", {}});
  EXPECT_FALSE(call("f:live"));
}

TEST(Versions, CodeMayComeFromABucket) {
  TestBed bed;
  CreateFunctionRequest in = TestBed::function("f");
  in.code->zip_file.reset();
  in.code->s3_bucket = "b";
  in.code->s3_key = "k";
  EXPECT_EQ(bed.error(&LambdaService::create_function, in),
            "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error "
            "Message: The specified key does not exist.");
  bed.s3_calls.objects["b/k"] = "zip from s3";
  EXPECT_EQ(bed.ok(&LambdaService::create_function, in).code_size, 11);
  bed.s3_calls.objects["b/k2"] = "longer zip from s3";
  UpdateFunctionCodeRequest update;
  update.function_name = "f";
  update.s3_bucket = "b";
  update.s3_key = "k2";
  EXPECT_EQ(bed.ok(&LambdaService::update_function_code, update).code_size, 18);
}

}  // namespace
}  // namespace engine::lambda
