// Stack::down and what shows that it is done.
#include <algorithm>

#include "pipeline/stack.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

// What AWS's lists take to agree has no bound that is documented; minutes happen.
constexpr base::Duration kAgreementMax = std::chrono::minutes(2);

bool same(const std::vector<Step>& left, const std::vector<Step>& right) {
  return std::ranges::equal(
      left, right, [](const Step& one, const Step& other) { return one.kind == other.kind && one.name == other.name; });
}

bool is_data(std::string_view kind) {
  return kind == "table" || kind == "bucket";
}

bool names(const std::vector<Step>& steps, const Resource& resource) {
  return std::ranges::any_of(
      steps, [&](const Step& step) { return step.kind == resource.kind() && step.name == resource.name(); });
}

}  // namespace

// Removes them from the last to the first. One that cannot be removed keeps none of the others, unless nobody answers;
// the first failure comes back.
base::Result<void> Stack::take_down(const Resources& resources, bool report_absent, const Report& report, Keep keep) {
  base::Result<void> outcome;
  for (auto each = resources.rbegin(); each != resources.rend(); ++each) {
    Resource& resource = **each;
    if (keep == Keep::data && is_data(resource.kind())) continue;
    patience_.begin(resource.kind() + " " + resource.name());
    TRY(patience_.check());
    const auto removed = resource.remove();
    if (removed.has_value() || is_absent(removed.error())) {
      if (removed.has_value()) removed_.emplace(resource.kind(), resource.name());
      if (removed.has_value() || report_absent)
        report({resource.kind(), resource.name(), removed.has_value() ? "deleted" : "absent"});
      continue;
    }
    if (removed.error().code == kInterrupted) return removed;
    refused_.emplace(resource.kind(), resource.name());
    report({resource.kind(), resource.name(), "not deleted: " + removed.error().message});
    if (outcome.has_value()) {
      base::AwsError error = removed.error();
      error.message = resource.kind() + " " + resource.name() + ": " + error.message;
      outcome = base::fail(std::move(error));
    }
    if (removed.error().http_status == 0) return outcome;
  }
  return outcome;
}

base::Result<void> Stack::down(const Report& report, Keep keep) {
  refused_.clear();
  removed_.clear();
  // What interrupted drills left needs the topics and nothing needs it, so it goes first.
  TRY_ASSIGN(const auto found, list());
  base::Result<void> outcome;
  const auto take = [&](const Resources& resources, bool report_absent, Keep kept) {
    // Nobody answers, or the user has had enough.
    if (!outcome.has_value() && (outcome.error().http_status == 0 || outcome.error().code == kInterrupted)) return;
    auto taken = take_down(resources, report_absent, report, kept);
    if (outcome.has_value() || (!taken.has_value() && taken.error().code == kInterrupted)) outcome = std::move(taken);
  };
  std::set<std::string> drills;
  for (const Step& step : found)
    if (is_drill_name(step.name)) drills.insert(step.name);
  for (const std::string& drill : drills)
    take(drill_resources(drill, /*with_table=*/true), /*report_absent=*/false, Keep::nothing);
  // Topics of rules that the definition does not have any more.
  take(topics_of_old_rules(found), /*report_absent=*/false, keep);
  take(unwanted_, /*report_absent=*/false, keep);
  // Against the flow of the orders: first nothing new comes in, then nothing is worked on, then the rest goes.
  take(resources_, /*report_absent=*/true, keep);
  return outcome;
}

bool Stack::keeps(const Step& step) const {
  return is_data(step.kind) && std::ranges::any_of(resources_, [&](const auto& resource) {
           return resource->kind() == step.kind && resource->name() == step.name;
         });
}

Resources Stack::topics_of_old_rules(const std::vector<Step>& found) const {
  Resources out;
  for (const Step& step : found) {
    const bool wanted =
        std::ranges::any_of(resources_, [&](const auto& r) { return r->kind() == "topic" && r->name() == step.name; });
    if (step.kind == "topic" && step.name.starts_with(rule_topic_prefix()) && !wanted)
      out.push_back(make_topic(site_, step.name));
  }
  return out;
}

// What is listed, and what is there by its name; `ours` gets those of it that the stack can remove.
base::Result<std::vector<Step>> Stack::look(std::vector<Resource*>& ours) {
  patience_.begin("what is left");
  TRY(patience_.check());
  TRY_ASSIGN(std::vector<Step> found, list());
  ours.clear();
  for (const Resources* resources : {&unwanted_, &resources_}) {
    for (const auto& resource : *resources) {
      const bool is_listed = names(found, *resource);
      if (!is_listed) {
        const auto described = resource->describe();
        if (!described.has_value() && !is_absent(described.error())) return base::fail(described.error());
        if (!described.has_value() || !described->has_value()) continue;
        found.push_back({resource->kind(), resource->name(), ""});
      }
      ours.push_back(resource.get());
    }
  }
  return found;
}

base::Result<std::vector<Step>> Stack::settle(Keep keep) {
  std::vector<Step> left;
  bool has_looked = false;
  bool agreed = false;
  const auto agree = [&]() -> base::Result<bool> {
    std::vector<Resource*> ours;
    TRY_ASSIGN(std::vector<Step> found, look(ours));
    agreed = has_looked && same(found, left);
    has_looked = true;
    left = std::move(found);
    // What drills and old rules had is listed and nothing more.
    bool is_clear =
        std::ranges::none_of(left, [&](const Step& step) { return removed_.contains({step.kind, step.name}); });
    for (Resource* resource : ours) {
      if (refused_.contains({resource->kind(), resource->name()})) continue;
      if (keep == Keep::data && is_data(resource->kind())) continue;
      is_clear = false;
      const auto removed = resource->remove();
      if (removed.has_value() || is_absent(removed.error())) continue;
      if (removed.error().code == kInterrupted || removed.error().http_status == 0) return base::fail(removed.error());
      refused_.emplace(resource->kind(), resource->name());
    }
    return is_clear && agreed;
  };
  const auto done = patience_.wait_until("the services' lists to agree", agree, kAgreementMax);
  if (!done.has_value() && done.error().code != "Timeout") return base::fail(done.error());
  return left;
}

base::Result<std::vector<std::string>> Stack::pending_confirmations() {
  std::vector<std::string> out;
  for (const auto& resource : resources_) {
    if (resource->kind() != "subscription") continue;
    patience_.begin(resource->kind() + " " + resource->name());
    const auto described = resource->describe();
    if (!described.has_value() && !is_absent(described.error())) return base::fail(described.error());
    if (!described.has_value() || !described->has_value()) continue;
    const auto is = [&](std::string_view value) {
      return std::ranges::any_of(**described, [&](const Property& each) { return each.value == value; });
    };
    if (is("email") && is(kPendingSubscription)) out.push_back(resource->name());
  }
  return out;
}

}  // namespace pipeline
