// Stack: everything the pipeline stands on, as AWS resources (stack_resource.h): what `till plan` compares, `till up`
// makes and mends, `till down` removes and `till status` looks at. All of it through the AWS API, so it is the same on
// one machine and on AWS. Safe from one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/definition.h"
#include "pipeline/stack_resource.h"

namespace pipeline {

struct StackOptions {
  std::string name = "tillstream";  // prefix of every resource
  std::string account;              // 12 digits
  std::string region;
  // An order above it is notified; without it a new stack begins with 50000 and an existing one keeps what it has.
  std::optional<base::Decimal> large_order_threshold;
  std::vector<std::string> emails;    // subscribed to large orders and to alarms
  std::vector<std::string> webhooks;  // the same, http:// or https:// URLs
  NotificationRules rules;            // each has a topic, and its own subscribers or, if it names none, those above
  StackSettings settings;             // but for name, region and endpoint
  AlarmSettings alarms;
  std::vector<Stage> stages;
  std::string definition_id = std::string(kOriginalDefinition);  // of what the packages carry
  std::string_view functions_zip;  // the deployment package of the functions; it outlives the stack
  std::map<std::string, std::string, std::less<>> stage_zips;  // of the stages that have code of their own, by name
  std::optional<IntakeSettings> intake;                        // none: no intake function, and one that is there goes
  std::optional<std::string> intake_secret;                    // none: the function keeps what it has

  // The package of the function "ingest", "process", "sweep" or "intake".
  [[nodiscard]] std::string_view zip_of(std::string_view function) const {
    const auto own = stage_zips.find(function);
    return own == stage_zips.end() ? functions_zip : std::string_view(own->second);
  }
};

// One resource and what happened to it, for people: {"queue", "tillstream-orders", "created"}.
struct Step {
  std::string kind;
  std::string name;
  std::string what;  // created, changed, replaced, unchanged, deleted, absent, not deleted: ...
};

enum class Action { leave, create, change, replace, remove };
struct Difference {
  std::string property;
  std::string actual;
  std::string wanted;
};
// What has to be done to one resource.
struct PlannedStep {
  std::string kind;
  std::string name;
  Action action = Action::leave;
  std::vector<Difference> differences = {};  // of change and replace
  bool loses_data = false;                   // of replace
};
using Plan = std::vector<PlannedStep>;

// The difference of a function whose code somebody else than `till` has put there. Of one whose `code` differs as well,
// carrying out the plan would undo that.
inline constexpr std::string_view kCodeOrigin = "code put by";
inline constexpr std::string_view kByTill = "till";
inline constexpr std::string_view kByHand = "hand";
bool undoes_hand(const PlannedStep& step);

// Compares one resource with what it should be.
base::Result<PlannedStep> compare(Resource& resource);

struct FunctionSpec;  // stack_kinds.h
struct Grant;         // policies.h

class Stack {
 public:
  using Report = std::function<void(const Step&)>;
  Stack(Services services, base::Env& env, StackOptions options);

  // Looks at every resource; changes nothing.
  base::Result<Plan> plan();
  // Does what the plan (of this object) says, in its order. Stops at the first failure, which names the resource;
  // planning and applying again goes on from there. REQUIRES: nothing changed since plan().
  base::Result<void> apply(const Plan& plan, const Report& report);
  // plan() and apply(). Calling it again changes nothing. Refuses to replace what holds data.
  base::Result<void> up(const Report& report);
  // Removes every resource of the stack, and what an interrupted drill left, in the opposite order, whatever is already
  // gone; with the bucket go its objects. What cannot be removed is reported as "not deleted: why" and keeps nothing
  // else; the first such failure comes back at the end.
  base::Result<void> down(const Report& report);
  // What exists now under the stack's prefix, by asking every service's List or Describe call; empty after down(). What
  // belongs to another stack whose name begins with this one's and a hyphen is that one's: shop-test is not of shop.
  base::Result<std::vector<Step>> list();

  // Names, URLs and ARNs of this stack's resources.
  [[nodiscard]] PipelineConfig config() const;
  [[nodiscard]] std::string queue_url(std::string_view what) const { return site_.queue_url(site_.name(what)); }
  [[nodiscard]] std::string alarms_topic() const { return site_.name("alarms"); }
  [[nodiscard]] const StackOptions& options() const { return options_; }
  [[nodiscard]] const Site& site() const { return site_; }
  // In the order in which they need each other.
  [[nodiscard]] const Resources& resources() const { return resources_; }

  // What a drill of alarms needs beside the stack, in the order to make it: a queue that gets the alarms' notifications
  // and, if `with_table`, a table that is throttled soon and an alarm over it. None of it is in the plan. All bear the
  // same `name`, a new_drill_name() each time: SQS does not take a name again for a minute, and drills may meet.
  [[nodiscard]] Resources drill_resources(const std::string& name, bool with_table) const;
  [[nodiscard]] std::string new_drill_name() const;

 private:
  [[nodiscard]] Resource& resource_of(const PlannedStep& step) const;
  [[nodiscard]] bool is_drill_name(std::string_view name) const;
  void add_tables();
  void add_messaging();
  void add_functions();
  void add_function(std::string_view what, FunctionSpec spec, std::vector<Grant> grants, Resources& resources) const;
  void add_intake();
  void add_alarms();

  const Site site_;
  const StackOptions options_;
  Resources resources_;  // in the order in which they need each other
  Resources unwanted_;   // what an earlier definition had and this one has not
};

}  // namespace pipeline
