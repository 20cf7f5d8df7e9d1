// Function URLs as the API has them; what comes through them is url_door.h's.
#include <algorithm>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"
#include "engine/lambda/url_address.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

constexpr std::string_view kBuffered = "BUFFERED";

base::AwsError no_such_function() {
  return not_found("Function does not exist");
}

base::AwsError no_such_url() {
  return not_found("The resource you requested does not exist.");
}

base::Result<void> check_invoke_mode(const std::optional<std::string>& mode) {
  if (!mode || *mode == kBuffered) return {};
  return base::fail(invalid_parameter("InvokeMode " + *mode +
                                      " is not supported: this engine's functions cannot stream their answers. Leave "
                                      "InvokeMode out, or set it to BUFFERED."));
}

base::Result<void> check_cors(const std::optional<Cors>& cors) {
  if (!cors || !cors->allow_methods) return {};
  constexpr std::string_view kMethods[] = {"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"};
  for (const std::string& method : *cors->allow_methods) {
    if (std::ranges::find(kMethods, method) != std::end(kMethods)) continue;
    return base::fail(invalid_parameter("Cors.AllowMethods has the method " + method +
                                        ", which is none of GET, PUT, HEAD, POST, PATCH, DELETE and *."));
  }
  return {};
}

template <class Response>
Response answer_of(FunctionUrlConfig config) {
  Response out;
  out.function_url = std::move(config.function_url);
  out.function_arn = std::move(config.function_arn);
  out.auth_type = std::move(config.auth_type);
  out.cors = std::move(config.cors);
  out.creation_time = std::move(config.creation_time);
  out.invoke_mode = std::move(config.invoke_mode);
  if constexpr (requires { out.last_modified_time; }) out.last_modified_time = std::move(config.last_modified_time);
  return out;
}

}  // namespace

base::Result<FunctionName> LambdaService::resolve_url_owner(const Context& context, const Name& name,
                                                            const Name& qualifier, std::string_view action) {
  TRY_ASSIGN(FunctionName owner, resolve_function_name(context, name, qualifier, action));
  if (owner.qualifier == "$LATEST") owner.qualifier.clear();
  return owner;
}

FunctionUrlRecord* LambdaService::find_url(const Context& context, const FunctionName& owner) {
  const auto found = functions_.find(keys::function(context.account, context.region, owner.name));
  if (found == functions_.end()) return nullptr;
  const auto url = found->second.urls.find(owner.qualifier);
  return url == found->second.urls.end() ? nullptr : &url->second;
}

void LambdaService::erase_url(FunctionEntry& entry, const std::string& alias, store::WriteBatch& batch) {
  const auto url = entry.urls.find(alias);
  if (url == entry.urls.end()) return;
  batch.erase(url->second.key());
  url_owners_.erase(url->second.url_id);
  entry.urls.erase(url);
}

std::optional<LambdaService::UrlFunction> LambdaService::at_url(const UrlTarget& target) {
  const std::lock_guard lock(mutex_);
  const auto owner = url_owners_.find(target.url_id);
  if (owner == url_owners_.end()) return std::nullopt;
  const FunctionEntry& entry = functions_.at(owner->second.function);
  const FunctionUrlRecord& url = entry.urls.at(owner->second.alias);
  auto function = entry.select(url.alias, env_.random);
  if (!function || (!target.region.empty() && target.region != url.region)) return std::nullopt;
  return UrlFunction{url, std::move(*function)};
}

base::Result<CreateFunctionUrlConfigResponse> LambdaService::create_function_url_config(
    Context& context, CreateFunctionUrlConfigRequest in) {
  TRY_ASSIGN(const FunctionName owner,
             resolve_url_owner(context, in.function_name, in.qualifier, "lambda:CreateFunctionUrlConfig"));
  TRY(check_invoke_mode(in.invoke_mode));
  TRY(check_cors(in.cors));
  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, owner.name);
  if (!found) return base::fail(no_such_function());
  FunctionEntry& entry = (*found)->second;
  if (const FunctionUrlRecord* url = find_url(context, owner)) {
    return base::fail(conflict("Failed to create function url config for [functionArn = " + url->function_arn() +
                               "]. Error message:  FunctionUrlConfig exists for this Lambda function"));
  }
  if (!owner.qualifier.empty() && !entry.aliases.contains(owner.qualifier)) return base::fail(no_such_function());
  FunctionUrlRecord record;
  record.account = context.account;
  record.region = context.region;
  record.function_name = owner.name;
  record.alias = owner.qualifier;
  record.url_id = base::random_string(env_.random, kUrlIdLength, "abcdefghijklmnopqrstuvwxyz0123456789");
  record.auth_type = in.auth_type.value_or("");
  record.invoke_mode = kBuffered;
  record.cors = std::move(in.cors);
  record.created = context.now;
  record.last_modified = context.now;
  store::WriteBatch batch;
  batch.put(record.key(), record.encode());
  store_.write(batch);
  url_owners_[record.url_id] = {(*found)->first, record.alias};
  auto out = answer_of<CreateFunctionUrlConfigResponse>(record.configuration(url_endpoint(context)));
  entry.urls[owner.qualifier] = std::move(record);
  return out;
}

base::Result<GetFunctionUrlConfigResponse> LambdaService::get_function_url_config(Context& context,
                                                                                  GetFunctionUrlConfigRequest in) {
  TRY_ASSIGN(const FunctionName owner,
             resolve_url_owner(context, in.function_name, in.qualifier, "lambda:GetFunctionUrlConfig"));
  const std::lock_guard lock(mutex_);
  const FunctionUrlRecord* url = find_url(context, owner);
  if (url == nullptr) return base::fail(no_such_url());
  return answer_of<GetFunctionUrlConfigResponse>(url->configuration(url_endpoint(context)));
}

base::Result<UpdateFunctionUrlConfigResponse> LambdaService::update_function_url_config(
    Context& context, UpdateFunctionUrlConfigRequest in) {
  TRY_ASSIGN(const FunctionName owner,
             resolve_url_owner(context, in.function_name, in.qualifier, "lambda:UpdateFunctionUrlConfig"));
  TRY(check_invoke_mode(in.invoke_mode));
  TRY(check_cors(in.cors));
  const std::lock_guard lock(mutex_);
  FunctionUrlRecord* url = find_url(context, owner);
  if (url == nullptr) return base::fail(no_such_url());
  if (in.auth_type) url->auth_type = *in.auth_type;
  if (in.cors) url->cors = std::move(in.cors);
  url->last_modified = context.now;
  store::WriteBatch batch;
  batch.put(url->key(), url->encode());
  store_.write(batch);
  return answer_of<UpdateFunctionUrlConfigResponse>(url->configuration(url_endpoint(context)));
}

base::Result<DeleteFunctionUrlConfigResponse> LambdaService::delete_function_url_config(
    Context& context, DeleteFunctionUrlConfigRequest in) {
  TRY_ASSIGN(const FunctionName owner,
             resolve_url_owner(context, in.function_name, in.qualifier, "lambda:DeleteFunctionUrlConfig"));
  const std::lock_guard lock(mutex_);
  if (find_url(context, owner) == nullptr) return base::fail(no_such_url());
  TRY_ASSIGN(const auto found, find_entry(context, owner.name));
  store::WriteBatch batch;
  erase_url(found->second, owner.qualifier, batch);
  store_.write(batch);
  return DeleteFunctionUrlConfigResponse();
}

base::Result<ListFunctionUrlConfigsResponse> LambdaService::list_function_url_configs(
    Context& context, ListFunctionUrlConfigsRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:ListFunctionUrlConfigs"));
  const auto count_max = static_cast<std::size_t>(
      std::clamp(in.max_items.value_or(kListFunctionUrlConfigsMax), 1, kListFunctionUrlConfigsMax));
  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, name);
  if (!found) return base::fail(no_such_function());
  const auto& urls = (*found)->second.urls;
  ListFunctionUrlConfigsResponse out;
  auto& listed = out.function_url_configs.emplace();
  // The marker is the URL id of the last one shown: that of $LATEST has no alias to tell it by.
  auto at = urls.begin();
  if (in.marker) {
    const auto last = url_owners_.find(*in.marker);
    at = last == url_owners_.end() ? urls.end() : urls.upper_bound(last->second.alias);
  }
  for (std::string last; at != urls.end(); ++at) {
    if (listed.size() == count_max) {
      out.next_marker = last;
      break;
    }
    last = at->second.url_id;
    listed.push_back(at->second.configuration(url_endpoint(context)));
  }
  return out;
}

}  // namespace engine::lambda
