#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

std::string alias_arn(const aws::Context& context, const std::string& function, const std::string& alias) {
  return make_arn("lambda", context.region, context.account, "function:" + function + ":" + alias);
}

// As Java writes a double.
std::string shown_weight(double weight) {
  std::string text = fmt::format("{}", weight);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

base::AwsError no_such_alias(const aws::Context& context, const std::string& function, const std::string& alias) {
  return not_found("Cannot find alias arn: " + alias_arn(context, function, alias));
}

}  // namespace

std::shared_ptr<const FunctionRecord> LambdaService::publish(FunctionEntry& entry, const Name& description,
                                                             base::Timestamp now, store::WriteBatch& batch) {
  FunctionRecord latest = *entry.latest.record;
  if (!entry.versions.empty()) {
    const auto& newest = entry.versions.rbegin()->second.record;
    if (newest->was_published_from(latest)) return newest;
  }
  const uint64_t number = ++latest.last_published;
  latest.revision_id = base::make_uuid(env_.random);
  FunctionRecord version = latest;
  version.version = std::to_string(number);
  version.published_description = latest.description;
  if (description) version.description = *description;
  version.policy = {};
  version.tags.clear();
  version.reserved_concurrency.reset();
  version.last_published = 0;
  version.last_modified = now;
  version.revision_id = base::make_uuid(env_.random);
  batch.put(version.key(), version.encode());
  batch.put(latest.key(), latest.encode());
  entry.latest.record = std::make_shared<const FunctionRecord>(std::move(latest));

  FunctionEntry::Version published;
  published.record = std::make_shared<const FunctionRecord>(std::move(version));
  published.runnable = std::make_shared<Runnable>();
  published.runnable->record = published.record;
  published.runnable->code = entry.latest.runnable->code;
  pool_.set_current(published.runnable);
  const auto record = published.record;
  entry.versions.emplace(number, std::move(published));
  return record;
}

// Item 7.
base::Result<FunctionConfiguration> LambdaService::publish_version(aws::Context& context, PublishVersionRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:PublishVersion"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  FunctionEntry& entry = found->second;
  const FunctionRecord& latest = *entry.latest.record;
  TRY(check_updatable(entry, in.revision_id));
  if (in.code_sha256 && *in.code_sha256 != latest.code_sha256) {
    return base::fail(invalid_parameter("CodeSHA256 (" + *in.code_sha256 +
                                        ") is different from current CodeSHA256 in $LATEST (" + latest.code_sha256 +
                                        "). Please try again with the CodeSHA256 in $LATEST."));
  }
  store::WriteBatch batch;
  const auto record = publish(entry, in.description, context.now, batch);
  store_.write(batch);
  return configuration_of(*record);
}

base::Result<void> LambdaService::set_routing(AliasRecord& alias, const FunctionEntry& entry, const Context& context,
                                              const std::optional<AliasRoutingConfiguration>& routing) {
  if (!entry.find_version(alias.version)) {
    return base::fail(function_not_found(context, alias.function_name, alias.version));
  }
  if (routing) {
    alias.additional_version.clear();
    alias.additional_weight = 0;
    const auto weights = routing->additional_version_weights.value_or(aws::Map<double>());
    if (weights.size() > 1) {
      return base::fail(invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    for (const auto& [version, weight] : weights) {
      if (!(weight >= 0.0 && weight < 1.0)) {
        return base::fail(errors::validation_exception(
            "1 validation error detected: Value '{" + version + "=" + shown_weight(weight) +
            "}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or "
            "equal to 0.0, Member must not be null]"));
      }
      alias.additional_version = version;
      alias.additional_weight = weight;
    }
  }
  if (alias.additional_version.empty()) return {};
  if (alias.additional_version == alias.version) {
    return base::fail(invalid_parameter("Invalid function version " + alias.version + ". Function version " +
                                        alias.version + " is already included in routing configuration."));
  }
  if (alias.version == "$LATEST" || alias.additional_version == "$LATEST") {
    return base::fail(invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version"));
  }
  if (!entry.find_version(alias.additional_version)) {
    return base::fail(function_not_found(context, alias.function_name, alias.additional_version));
  }
  return {};
}

base::Result<AliasConfiguration> LambdaService::create_alias(aws::Context& context, CreateAliasRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:CreateAlias"));
  AliasRecord alias;
  alias.name = in.name.value_or("");
  alias.version = in.function_version.value_or("");
  if (alias.name.empty() || is_version_number(alias.name) || alias.version.empty()) {
    return base::fail(errors::validation_exception("Name and FunctionVersion are required, and no name is a number"));
  }
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(keys::function(context.account, context.region, name));
  if (found == functions_.end()) return base::fail(function_not_found(context, name, alias.version));
  FunctionEntry& entry = found->second;
  alias.account = context.account;
  alias.region = context.region;
  alias.function_name = name;
  alias.description = in.description.value_or("");
  TRY(set_routing(alias, entry, context, in.routing_config));
  if (entry.aliases.contains(alias.name)) return base::fail(conflict("Alias already exists: " + alias.arn()));
  alias.revision_id = base::make_uuid(env_.random);
  store::WriteBatch batch;
  batch.put(alias.key(), alias.encode());
  store_.write(batch);
  auto out = alias.configuration();
  entry.aliases[alias.name] = std::make_shared<const AliasRecord>(alias);
  return out;
}

base::Result<AliasConfiguration> LambdaService::get_alias(aws::Context& context, GetAliasRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:GetAlias"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  const auto alias = found->second.aliases.find(in.name.value_or(""));
  if (alias == found->second.aliases.end()) return base::fail(no_such_alias(context, name, in.name.value_or("")));
  return alias->second->configuration();
}

base::Result<AliasConfiguration> LambdaService::update_alias(aws::Context& context, UpdateAliasRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:UpdateAlias"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  FunctionEntry& entry = found->second;
  const auto known = entry.aliases.find(in.name.value_or(""));
  if (known == entry.aliases.end()) {
    return base::fail(not_found("Alias not found: " + alias_arn(context, name, in.name.value_or(""))));
  }
  AliasRecord alias = *known->second;
  if (in.revision_id && *in.revision_id != alias.revision_id) {
    return base::fail(revision_mismatch("GetFunction/GetAlias"));
  }
  if (in.function_version) alias.version = *in.function_version;
  if (in.description) alias.description = *in.description;
  TRY(set_routing(alias, entry, context, in.routing_config));
  alias.revision_id = base::make_uuid(env_.random);
  store::WriteBatch batch;
  batch.put(alias.key(), alias.encode());
  store_.write(batch);
  auto out = alias.configuration();
  known->second = std::make_shared<const AliasRecord>(std::move(alias));
  return out;
}

base::Result<DeleteAliasResponse> LambdaService::delete_alias(aws::Context& context, DeleteAliasRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:DeleteAlias"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  FunctionEntry& entry = found->second;
  const std::string alias = in.name.value_or("");
  if (!entry.aliases.contains(alias)) return DeleteAliasResponse();
  store::WriteBatch batch;
  batch.erase(keys::alias(context.account, context.region, name, alias));
  batch.erase(keys::event_invoke(context.account, context.region, name, alias));
  erase_url(entry, alias, batch);
  store_.write(batch);
  entry.aliases.erase(alias);
  entry.event_invoke.erase(alias);
  return DeleteAliasResponse();
}

base::Result<ListAliasesResponse> LambdaService::list_aliases(aws::Context& context, ListAliasesRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:ListAliases"));
  const auto count_max = static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListMax), 1, kListAliasesMax));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  ListAliasesResponse out;
  auto& listed = out.aliases.emplace();
  const auto& aliases = found->second.aliases;
  for (auto at = in.marker ? aliases.upper_bound(*in.marker) : aliases.begin(); at != aliases.end(); ++at) {
    const AliasRecord& alias = *at->second;
    const bool wanted = !in.function_version || alias.version == *in.function_version ||
                        alias.additional_version == *in.function_version;
    if (!wanted) continue;
    if (listed.size() == count_max) {
      out.next_marker = listed.back().name;
      break;
    }
    listed.push_back(alias.configuration());
  }
  return out;
}

}  // namespace engine::lambda
