// What calls functions: the permission of S3, and the mappings of queues.
#include <simdjson.h>

#include <algorithm>
#include <functional>

#include "aws/lambda/lambda.h"
#include "aws/sqs/sqs.h"
#include "pipeline/policies.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr std::string_view kInvoke = "lambda:InvokeFunction";
constexpr std::string_view kInvokeUrl = "lambda:InvokeFunctionUrl";

class Permission final : public Resource {
 public:
  Permission(const Site& site, PermissionSpec spec)
      : Resource("permission", spec.who + " may invoke " + spec.function), site_(site), spec_(std::move(spec)) {}

  [[nodiscard]] ResourceSpec spec() const override { return {spec_}; }
  // The statement as Lambda writes it.
  [[nodiscard]] Properties wanted() const override {
    std::string statement = R"({"Sid":")" + spec_.statement_id + R"(","Effect":"Allow","Principal":)" +
                            (spec_.service.empty() ? R"("*")" : R"({"Service":")" + spec_.service + R"("})") +
                            R"(,"Action":")" + spec_.action + R"(","Resource":")" +
                            site_.arn("lambda", "function:" + spec_.function) + R"(","Condition":)" + condition() + "}";
    return {{"statement", canonical_json(statement)}};
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto found, find());
    if (!found.has_value()) return std::nullopt;
    return Properties{{"statement", found->text}};
  }

  base::Result<void> create() override {
    aws::lambda::AddPermissionRequest add;
    add.function_name = spec_.function;
    add.statement_id = spec_.statement_id;
    add.action = spec_.action;
    add.principal = spec_.service.empty() ? "*" : spec_.service;
    if (!spec_.bucket.empty()) {
      add.source_arn = bucket_arn();
      add.source_account = site_.account;
    } else if (spec_.is_for_url()) {
      add.function_url_auth_type = "NONE";
    } else {
      add.invoked_via_function_url = true;
    }
    aws::Context context = site_.call();
    TRY(site_.services.lambda.add_permission(context, std::move(add)));
    return {};
  }

  base::Result<void> change() override {
    TRY(remove());
    return create();
  }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto found, find());
    if (!found.has_value()) return base::fail({.code = "ResourceNotFoundException", .message = "", .http_status = 404});
    aws::lambda::RemovePermissionRequest remove;
    remove.function_name = spec_.function;
    remove.statement_id = found->id;
    aws::Context context = site_.call();
    TRY(site_.services.lambda.remove_permission(context, std::move(remove)));
    return {};
  }

 private:
  struct Statement {
    std::string id;
    std::string text;  // canonical, under our id
  };

  // The one with our id; else one that says the same, since CloudFormation gives it an id of its own.
  base::Result<std::optional<Statement>> find() {
    aws::lambda::GetPolicyRequest get;
    get.function_name = spec_.function;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.lambda.get_policy(context, std::move(get)));
    const std::string policy = got.policy.value_or("");
    const std::string wanted_text = wanted().front().value;
    std::optional<Statement> found;
    simdjson::dom::parser parser;
    simdjson::dom::array statements;
    if (parser.parse(policy)["Statement"].get_array().get(statements) != simdjson::SUCCESS) return found;
    for (const simdjson::dom::element statement : statements) {
      std::string_view id;
      if (statement["Sid"].get_string().get(id) != simdjson::SUCCESS) continue;
      std::string text = canonical_json(simdjson::to_string(statement));
      if (id == spec_.statement_id) return Statement{std::string(id), std::move(text)};
      if (without_id(text) == without_id(wanted_text)) found = Statement{std::string(id), wanted_text};
    }
    return found;
  }

  // "Sid" is the last of its keys.
  static std::string_view without_id(std::string_view canonical) {
    return canonical.substr(0, canonical.rfind(R"(,"Sid":)"));
  }

  [[nodiscard]] std::string bucket_arn() const { return "arn:aws:s3:::" + spec_.bucket; }
  [[nodiscard]] std::string condition() const {
    if (spec_.is_for_url()) return R"({"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}})";
    if (spec_.bucket.empty()) return R"({"Bool":{"lambda:InvokedViaFunctionUrl":"true"}})";
    return R"({"StringEquals":{"AWS:SourceAccount":")" + site_.account + R"("},"ArnLike":{"AWS:SourceArn":")" +
           bucket_arn() + R"("}})";
  }

  const Site& site_;
  const PermissionSpec spec_;
};

class Mapping final : public Resource {
 public:
  Mapping(const Site& site, MappingSpec spec)
      : Resource("mapping", spec.queue + " -> " + spec.function), site_(site), spec_(std::move(spec)) {}

  [[nodiscard]] ResourceSpec spec() const override { return {spec_}; }
  [[nodiscard]] Properties wanted() const override {
    return {{"state", "Enabled"},
            {"batch size", std::to_string(spec_.batch_size)},
            {"batching window", std::to_string(spec_.batch_window_seconds) + " s"},
            {"response types", std::string(kMappingResponseType)},
            {"maximum concurrency", std::to_string(spec_.maximum_concurrency)},
            {"mappings to versions", "none"}};
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto all, find());
    // One that is being deleted is none; create() waits for its end.
    const auto found = std::ranges::find_if(all, [this](const auto& each) { return is_ours(each) && !is_going(each); });
    if (found == all.end()) return std::nullopt;
    const auto& now = *found;
    const auto others =
        std::ranges::count_if(all, [this](const auto& each) { return !is_ours(each) && !is_going(each); });
    const std::string state = now.state.value_or("");
    const bool on = state == "Enabled" || state == "Enabling" || state == "Creating" || state == "Updating";
    std::string types;
    for (const std::string& type : now.function_response_types.value_or(std::vector<std::string>()))
      types += (types.empty() ? "" : ", ") + type;
    const bool limited = now.scaling_config.has_value() && now.scaling_config->maximum_concurrency.has_value();
    return Properties{
        {"state", on ? "Enabled" : state},
        {"batch size", std::to_string(now.batch_size.value_or(0))},
        {"batching window", std::to_string(now.maximum_batching_window_in_seconds.value_or(0)) + " s"},
        {"response types", types},
        {"maximum concurrency", limited ? std::to_string(*now.scaling_config->maximum_concurrency) : "no limit"},
        {"mappings to versions", others == 0 ? "none" : std::to_string(others)}};
  }

  base::Result<void> create() override {
    TRY(remove_those([this](const Configuration& each) { return !is_ours(each); }));
    TRY(wait_while("the end of the removal of the one before",
                   [this](const Configuration& each) { return is_ours(each) && is_going(each); }));
    aws::lambda::CreateEventSourceMappingRequest create;
    create.event_source_arn = site_.arn("sqs", spec_.queue);
    create.function_name = spec_.function;
    create.batch_size = spec_.batch_size;
    create.maximum_batching_window_in_seconds = spec_.batch_window_seconds;
    create.function_response_types = {std::string(kMappingResponseType)};
    create.scaling_config.emplace().maximum_concurrency = spec_.maximum_concurrency;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto created, site_.services.lambda.create_event_source_mapping(context, std::move(create)));
    return wait(created.uuid.value_or(""));
  }

  base::Result<void> change() override {
    TRY(remove_those([this](const Configuration& each) { return !is_ours(each); }));
    TRY_ASSIGN(const auto all, find());
    for (const auto& each : all) {
      if (!is_ours(each) || is_going(each)) continue;
      aws::lambda::UpdateEventSourceMappingRequest update;
      update.uuid = each.uuid;
      update.enabled = true;
      update.batch_size = spec_.batch_size;
      update.maximum_batching_window_in_seconds = spec_.batch_window_seconds;
      update.function_response_types = {std::string(kMappingResponseType)};
      update.scaling_config.emplace().maximum_concurrency = spec_.maximum_concurrency;
      aws::Context context = site_.call();
      TRY(site_.services.lambda.update_event_source_mapping(context, std::move(update)));
      TRY(wait(each.uuid.value_or("")));
    }
    return {};
  }

  base::Result<void> remove() override {
    TRY_ASSIGN(const bool is_there, is_found());
    if (!is_there) return base::fail({.code = "ResourceNotFoundException", .message = "", .http_status = 404});
    TRY(remove_those([](const Configuration&) { return true; }));
    return wait_while("the end of its removal", [](const Configuration&) { return true; });
  }

 private:
  using Configuration = aws::lambda::EventSourceMappingConfiguration;

  [[nodiscard]] std::string function_arn() const { return site_.arn("lambda", "function:" + spec_.function); }
  // To the function itself, not to a version or an alias of it, which would work on the queue with other code.
  [[nodiscard]] bool is_ours(const Configuration& mapping) const { return mapping.function_arn == function_arn(); }

  static bool is_going(const Configuration& mapping) { return mapping.state == "Deleting"; }

  base::Result<void> remove_those(const std::function<bool(const Configuration&)>& wanted) {
    TRY_ASSIGN(const auto all, find());
    for (const auto& each : all) {
      if (is_going(each) || !wanted(each)) continue;
      aws::lambda::DeleteEventSourceMappingRequest remove;
      remove.uuid = each.uuid;
      aws::Context context = site_.call();
      const auto removed = site_.services.lambda.delete_event_source_mapping(context, std::move(remove));
      if (!removed.has_value() && !is_absent(removed.error())) return base::fail(removed.error());  // the list lags
    }
    return {};
  }

  // A mapping has no name to look it up by, and the list may not show yet what was made just now; left behind it would
  // go on by itself. So where both of its ends are there and it is not, the list is given some time.
  base::Result<bool> is_found() {
    constexpr base::Duration kListLags = std::chrono::seconds(1);
    const base::Timestamp end = site_.env.clock.now() + kListLags;
    bool is_there = false;
    TRY(site_.patience.wait_until("the list of mappings to show it", [&]() -> base::Result<bool> {
      TRY_ASSIGN(const auto all, find());
      is_there = !all.empty();
      if (is_there || site_.env.clock.now() >= end) return true;
      TRY_ASSIGN(const bool could_be, has_ends());
      return !could_be;
    }));
    return is_there;
  }

  base::Result<bool> has_ends() {
    aws::Context context = site_.call();
    aws::lambda::GetFunctionConfigurationRequest function;
    function.function_name = spec_.function;
    const auto has_function = site_.services.lambda.get_function_configuration(context, std::move(function));
    if (!has_function.has_value() && !is_absent(has_function.error())) return base::fail(has_function.error());
    aws::sqs::GetQueueUrlRequest queue;
    queue.queue_name = spec_.queue;
    const auto has_queue = site_.services.sqs.get_queue_url(context, std::move(queue));
    if (!has_queue.has_value() && !is_absent(has_queue.error())) return base::fail(has_queue.error());
    return has_function.has_value() && has_queue.has_value();
  }

  // Until it works, by itself and not by the list, which lags.
  base::Result<void> wait(const std::string& uuid) {
    return site_.patience.wait_until("its state Enabled", [&]() -> base::Result<bool> {
      aws::lambda::GetEventSourceMappingRequest get;
      get.uuid = uuid;
      Configuration now;
      TRY(site_.patience.read("GetEventSourceMapping", [&]() -> base::Result<void> {
        aws::Context context = site_.call();
        TRY_ASSIGN(now, site_.services.lambda.get_event_source_mapping(context, get));
        return {};
      }));
      return now.state == "Enabled";
    });
  }

  base::Result<void> wait_while(const std::string& what, const std::function<bool(const Configuration&)>& is_there) {
    return site_.patience.wait_until(what, [&]() -> base::Result<bool> {
      TRY_ASSIGN(const auto left, find());
      return std::ranges::none_of(left, is_there);
    });
  }

  // Those of this queue to this function, its versions and aliases; one, unless somebody made more.
  base::Result<std::vector<Configuration>> find() {
    aws::lambda::ListEventSourceMappingsRequest list;
    list.event_source_arn = site_.arn("sqs", spec_.queue);
    aws::Context context = site_.call();
    auto listed = site_.services.lambda.list_event_source_mappings(context, std::move(list));
    if (!listed.has_value() && is_absent(listed.error())) return std::vector<Configuration>();
    if (!listed.has_value()) return base::fail(listed.error());
    auto found = std::move(listed->event_source_mappings).value_or(std::vector<Configuration>());
    std::erase_if(found, [this](const Configuration& each) {
      return !is_ours(each) && !each.function_arn.value_or("").starts_with(function_arn() + ":");
    });
    return found;
  }

  const Site& site_;
  const MappingSpec spec_;
};

}  // namespace

std::unique_ptr<Resource> make_permission(const Site& site, const std::string& function, const std::string& bucket) {
  return std::make_unique<Permission>(site, PermissionSpec{.who = bucket,
                                                           .function = function,
                                                           .statement_id = "s3-invokes-ingest",
                                                           .action = std::string(kInvoke),
                                                           .service = "s3.amazonaws.com",
                                                           .bucket = bucket});
}

// Two, since October 2025: of the URL and of the function through it.
Resources make_public(const Site& site, const std::string& function) {
  Resources out;
  out.push_back(std::make_unique<Permission>(site, PermissionSpec{.who = "everybody who has its URL",
                                                                  .function = function,
                                                                  .statement_id = "everybody-invokes-url",
                                                                  .action = std::string(kInvokeUrl)}));
  out.push_back(std::make_unique<Permission>(site, PermissionSpec{.who = "everybody through its URL",
                                                                  .function = function,
                                                                  .statement_id = "everybody-invokes-by-url",
                                                                  .action = std::string(kInvoke)}));
  return out;
}

std::unique_ptr<Resource> make_mapping(const Site& site, MappingSpec spec) {
  return std::make_unique<Mapping>(site, std::move(spec));
}

}  // namespace pipeline
