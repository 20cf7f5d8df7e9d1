#include "engine/lambda/alias_record.h"

#include <cmath>

#include "engine/arn.h"
#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {
namespace {

enum Field : uint32_t {
  kAccount = 1,
  kRegion = 2,
  kFunctionName = 3,
  kName = 4,
  kVersion = 5,
  kDescription = 6,
  kRevisionId = 7,
  kAdditionalVersion = 8,
  kAdditionalWeight = 9,  // in millionths
  kStatement = 10,
  kPolicyRevisionId = 11,
};

constexpr double kWeightScale = 1'000'000;

}  // namespace

std::string AliasRecord::arn() const {
  return make_arn("lambda", region, account, "function:" + function_name + ":" + name);
}

std::string AliasRecord::key() const {
  return keys::alias(account, region, function_name, name);
}

aws::lambda::AliasConfiguration AliasRecord::configuration() const {
  aws::lambda::AliasConfiguration out;
  out.alias_arn = arn();
  out.name = name;
  out.function_version = version;
  out.description = description;
  if (!additional_version.empty()) {
    auto& weights = out.routing_config.emplace().additional_version_weights.emplace();
    weights.append(additional_version) = additional_weight;
  }
  out.revision_id = revision_id;
  return out;
}

std::string AliasRecord::encode() const {
  RecordWriter writer;
  writer.text(kAccount, account).text(kRegion, region).text(kFunctionName, function_name).text(kName, name);
  writer.text(kVersion, version).text(kDescription, description).text(kRevisionId, revision_id);
  writer.text(kAdditionalVersion, additional_version);
  writer.number(kAdditionalWeight, static_cast<uint64_t>(std::llround(additional_weight * kWeightScale)));
  for (const PolicyStatement& statement : policy.statements) writer.pair(kStatement, statement.sid, statement.json);
  writer.text(kPolicyRevisionId, policy.revision_id);
  return writer.take();
}

std::optional<AliasRecord> AliasRecord::decode(std::string_view bytes) {
  AliasRecord out;
  RecordReader reader(bytes);
  const auto field_of = [&](uint32_t field) -> std::string* {
    switch (field) {
      case kAccount:
        return &out.account;
      case kRegion:
        return &out.region;
      case kFunctionName:
        return &out.function_name;
      case kName:
        return &out.name;
      case kVersion:
        return &out.version;
      case kDescription:
        return &out.description;
      case kRevisionId:
        return &out.revision_id;
      case kAdditionalVersion:
        return &out.additional_version;
      case kPolicyRevisionId:
        return &out.policy.revision_id;
      default:
        return nullptr;
    }
  };
  while (reader.next()) {
    if (std::string* text = field_of(reader.field())) {
      *text = reader.text();
    } else if (reader.field() == kAdditionalWeight) {
      out.additional_weight = static_cast<double>(reader.number()) / kWeightScale;
    } else if (reader.field() == kStatement) {
      auto [sid, json] = reader.pair();
      out.policy.statements.push_back({std::move(sid), std::move(json)});
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::lambda
