#include "like_aws/mapping_states.h"

#include <algorithm>

#include "aws/lambda/errors.h"
#include "like_aws/lagging_list.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::lambda;
using std::chrono::milliseconds;

constexpr std::string_view kCreating = "mapping creating";
constexpr std::string_view kUpdating = "mapping updating";
constexpr std::string_view kUnlisted = "mapping unlisted";
constexpr std::string_view kDeleting = "mapping deleting";
constexpr milliseconds kCreatingMin{500}, kCreatingMax{5000};
constexpr milliseconds kUpdatingMin{300}, kUpdatingMax{3000};
constexpr milliseconds kDeletingMin{500}, kDeletingMax{5000};

}  // namespace

bool MappingStates::show(const Call& call, Mapping& mapping) {
  const std::string key = call.regional(mapping.uuid.value_or(""));
  const bool off = mapping.state == "Disabled";
  if (conditions_.delayed(call, kCreating, key)) {
    mapping.state = "Creating";
  } else if (const auto end = conditions_.delays.until(kUpdating, key, call.context.now)) {
    // The first half of an update, then the way to where it leads.
    const bool turns = *end - call.context.now < kUpdatingMin;
    mapping.state = !turns ? "Updating" : off ? "Disabling" : "Enabling";
  } else {
    return false;
  }
  return true;
}

std::map<std::string, MappingStates::Mapping> MappingStates::deleting(const Call& call) {
  std::map<std::string, Mapping> out;
  const std::string mine = call.regional("");
  const std::lock_guard lock(mutex_);
  std::erase_if(deleting_, [&](const auto& entry) { return !conditions_.delayed(call, kDeleting, entry.first); });
  for (auto at = deleting_.lower_bound(mine); at != deleting_.end() && at->first.starts_with(mine); ++at)
    out.insert(*at);
  return out;
}

base::Result<void> MappingStates::create(Call& call, const CarryOut& carry_out) {
  const auto& in = call.input<api::CreateEventSourceMappingRequest>();
  const std::string source = in.event_source_arn.value_or("");
  const std::string function = function_name(in.function_name.value_or(""));
  for (const auto& [key, other] : deleting(call)) {
    if (other.event_source_arn != source || function_name(other.function_arn.value_or("")) != function) continue;
    return conditions_.refuse(
        call, "MappingState",
        api::errors::resource_conflict_exception(
            "An event source mapping with SQS arn (\" " + source + " \") and function (\" " + function +
                " \") already exists. Please update or delete the existing mapping with UUID " +
                other.uuid.value_or(""),
            {.type = "User", .message = {}}));
  }
  TRY(carry_out());
  const auto& made = call.output<Mapping>();
  conditions_.delay(call, kCreating, call.regional(made.uuid.value_or("")), kCreatingMin, kCreatingMax);
  if (conditions_.chance.happens(call, "unlisted", kUnlistedRate))
    conditions_.delay(call, kUnlisted, call.regional(made.uuid.value_or("")), milliseconds(0), kUnlistedMax);
  conditions_.tell(call, "MappingState", "Creating for a while: " + made.uuid.value_or(""));
  return {};
}

base::Result<void> MappingStates::change(Call& call, const CarryOut& carry_out) {
  const bool deletes = call.is("DeleteEventSourceMapping");
  const std::string uuid = call.text("UUID");
  const std::string key = call.regional(uuid);
  if (conditions_.delayed(call, kCreating, key) || conditions_.delayed(call, kUpdating, key) ||
      conditions_.delayed(call, kDeleting, key)) {
    return conditions_.refuse(
        call, "MappingState",
        api::errors::resource_in_use_exception(std::string("Cannot ") + (deletes ? "delete" : "update") +
                                                   " the event source mapping because it is in use.",
                                               {.type = "User", .message = {}}));
  }
  TRY(carry_out());
  auto& out = call.output<Mapping>();
  if (deletes) {
    conditions_.delay(call, kDeleting, key, kDeletingMin, kDeletingMax);
    const std::lock_guard lock(mutex_);
    deleting_.insert_or_assign(key, out);
    deleting_[key].state = "Deleting";
  } else {
    conditions_.delay(call, kUpdating, key, kUpdatingMin, kUpdatingMax);
  }
  conditions_.tell(call, "MappingState", (deletes ? "Deleting for a while: " : "Updating for a while: ") + uuid);
  return {};
}

base::Result<void> MappingStates::get(Call& call, const CarryOut& carry_out) {
  const std::string uuid = call.text("UUID");
  auto gone = deleting(call);
  if (const auto found = gone.find(call.regional(uuid)); found != gone.end()) {
    call.output<Mapping>() = std::move(found->second);
    conditions_.tell(call, "MappingState", "still Deleting: " + uuid);
    return {};
  }
  TRY(carry_out());
  auto& out = call.output<Mapping>();
  if (show(call, out)) conditions_.tell(call, "MappingState", "still " + *out.state + ": " + uuid);
  return {};
}

base::Result<void> MappingStates::list(Call& call, const CarryOut& carry_out) {
  const std::string function = function_name(call.text("FunctionName"));
  const std::string source = call.text("EventSourceArn");
  const bool first_page = call.text("Marker").empty();
  TRY(carry_out());
  auto& out = call.output<api::ListEventSourceMappingsResponse>();
  std::size_t shown = 0;
  if (out.event_source_mappings) {
    const auto hidden = std::erase_if(*out.event_source_mappings, [&](const Mapping& mapping) {
      return conditions_.delayed(call, kUnlisted, call.regional(mapping.uuid.value_or("")));
    });
    if (hidden > 0) conditions_.tell(call, "LaggingList", std::to_string(hidden) + " new not listed yet");
    for (Mapping& mapping : *out.event_source_mappings) shown += show(call, mapping) ? 1 : 0;
  }
  if (first_page) {
    for (auto& [key, mapping] : deleting(call)) {
      if (!function.empty() && function_name(mapping.function_arn.value_or("")) != function) continue;
      if (!source.empty() && mapping.event_source_arn != source) continue;
      if (!out.event_source_mappings) out.event_source_mappings.emplace();
      out.event_source_mappings->push_back(std::move(mapping));
      ++shown;
    }
  }
  if (shown > 0) conditions_.tell(call, "MappingState", std::to_string(shown) + " listed between states");
  return {};
}

base::Result<void> MappingStates::around(Call& call, const CarryOut& carry_out) {
  if (call.is("CreateEventSourceMapping")) return create(call, carry_out);
  if (call.is("UpdateEventSourceMapping") || call.is("DeleteEventSourceMapping")) return change(call, carry_out);
  if (call.is("GetEventSourceMapping")) return get(call, carry_out);
  if (call.is("ListEventSourceMappings")) return list(call, carry_out);
  return carry_out();
}

}  // namespace like_aws
