#include <algorithm>
#include <utility>

#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

// Under the ARN by which the caller named it.
FunctionConfiguration configuration_as_named(const Function& function) {
  FunctionConfiguration out =
      function.updating ? updating_configuration_of(*function.record) : configuration_of(*function.record);
  out.function_arn = function.arn();
  return out;
}

FunctionConfiguration version_entry(const FunctionRecord& record) {
  FunctionConfiguration out = list_entry_of(record);
  out.function_arn = record.qualified_arn();
  return out;
}

// Where a list that is sorted by function and then version goes on: "name" or "name:version".
std::string marker_of(const FunctionConfiguration& last, bool with_version) {
  return with_version ? *last.function_name + ":" + *last.version : *last.function_name;
}

}  // namespace

base::Result<GetFunctionResponse> LambdaService::get_function(aws::Context& context, GetFunctionRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetFunction"));
  TRY_ASSIGN(const Function latest, find(context, function.record->name, std::nullopt, "lambda:GetFunction"));
  GetFunctionResponse out;
  out.configuration = configuration_as_named(function);
  out.code.emplace().repository_type = "S3";
  if (!context.endpoint.empty()) {  // a caller in this process has no use for an address
    const CodeLinks::Package package{function.record->code_id, function.record->code_size};
    out.code->location = context.endpoint + code_links_.path_of(package, env_.clock.now() + kCodeLinkLife);
  }
  if (!latest.record->tags.empty()) {
    auto& tags = out.tags.emplace();
    for (const auto& [tag, value] : latest.record->tags) tags.append(tag) = value;
  }
  if (latest.reserved_concurrency) {
    out.concurrency.emplace().reserved_concurrent_executions = latest.reserved_concurrency;
  }
  return out;
}

std::optional<aws::Body> LambdaService::download(std::string_view path) {
  const auto package = code_links_.read(path, env_.clock.now());
  return package ? Code::read(store_, package->code_id, package->bytes) : std::nullopt;
}

base::Result<FunctionConfiguration> LambdaService::get_function_configuration(aws::Context& context,
                                                                              GetFunctionConfigurationRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:GetFunctionConfiguration"));
  return configuration_as_named(function);
}

base::Result<ListFunctionsResponse> LambdaService::list_functions(aws::Context& context, ListFunctionsRequest in) {
  const auto count_max =
      static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListFunctionsMax), 1, kListFunctionsMax));
  const bool all_versions = in.function_version == "ALL";
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  const std::string after = in.marker.value_or("");
  const std::string after_name = after.substr(0, after.find(':'));
  ListFunctionsResponse out;
  auto& functions = out.functions.emplace();
  // False when the page is full.
  bool skipping = all_versions && !after.empty();
  const auto append = [&](FunctionConfiguration configuration) {
    if (skipping && configuration.function_name == after_name) {
      if (marker_of(configuration, true) == after) skipping = false;
      return true;
    }
    skipping = false;
    if (functions.size() == count_max) {
      out.next_marker = marker_of(functions.back(), all_versions);
      return false;
    }
    functions.push_back(std::move(configuration));
    return true;
  };
  const std::lock_guard lock(mutex_);
  const std::string start = keys::function(context.account, context.region, after_name);
  auto at = after.empty()  ? functions_.lower_bound(prefix)
            : all_versions ? functions_.lower_bound(start)
                           : functions_.upper_bound(start);
  for (; at != functions_.end() && at->first.starts_with(prefix); ++at) {
    const FunctionEntry& entry = at->second;
    if (!append(all_versions ? version_entry(*entry.latest.record) : list_entry_of(*entry.latest.record))) return out;
    if (!all_versions) continue;
    for (const auto& [number, version] : entry.versions) {
      if (!append(version_entry(*version.record))) return out;
    }
  }
  return out;
}

base::Result<ListVersionsByFunctionResponse> LambdaService::list_versions_by_function(
    aws::Context& context, ListVersionsByFunctionRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:ListVersionsByFunction"));
  const auto count_max = static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListMax), 1, kListMax));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  const FunctionEntry& entry = found->second;
  ListVersionsByFunctionResponse out;
  auto& versions = out.versions.emplace();
  uint64_t after = 0;
  if (!in.marker) {
    versions.push_back(version_entry(*entry.latest.record));
  } else {
    after = version_number(*in.marker).value_or(0);
  }
  for (auto at = entry.versions.upper_bound(after); at != entry.versions.end(); ++at) {
    if (versions.size() == count_max) {
      out.next_marker = is_version_number(*versions.back().version) ? *versions.back().version : "0";
      break;
    }
    versions.push_back(version_entry(*at->second.record));
  }
  return out;
}

base::Result<GetFunctionCodeSigningConfigResponse> LambdaService::get_function_code_signing_config(
    aws::Context& context, GetFunctionCodeSigningConfigRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:GetFunctionCodeSigningConfig"));
  const std::lock_guard lock(mutex_);
  TRY(find_entry(context, name));
  GetFunctionCodeSigningConfigResponse out;
  out.function_name = name;
  return out;
}

base::Result<GetAccountSettingsResponse> LambdaService::get_account_settings(aws::Context& context,
                                                                             GetAccountSettingsRequest /*in*/) {
  GetAccountSettingsResponse out;
  auto& limit = out.account_limit.emplace();
  limit.total_code_size = static_cast<int64_t>(kCodeStorageBytesMax);
  limit.code_size_unzipped = static_cast<int64_t>(kUnzippedCodeBytesMax);
  limit.code_size_zipped = static_cast<int64_t>(kZippedBytesMax);
  limit.concurrent_executions = kAccountConcurrency;
  int32_t unreserved = kAccountConcurrency;
  auto& usage = out.account_usage.emplace();
  int64_t count = 0;
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  const std::lock_guard lock(mutex_);
  for (auto at = functions_.lower_bound(prefix); at != functions_.end() && at->first.starts_with(prefix); ++at) {
    const FunctionEntry& entry = at->second;
    unreserved -= entry.latest.record->reserved_concurrency.value_or(0);
    ++count;
  }
  limit.unreserved_concurrent_executions = unreserved;
  usage.total_code_size = static_cast<int64_t>(stored_code_bytes(context));
  usage.function_count = count;
  return out;
}

}  // namespace engine::lambda
