// Stack: everything the pipeline stands on, as AWS resources (stack_resource.h): what `till plan` compares, `till up`
// makes and mends, `till down` removes and `till status` looks at. All of it through the AWS API, so it is the same on
// one machine and on AWS. Safe from one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/definition.h"
#include "pipeline/patient_services.h"
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
  std::string architecture;  // of the programs in functions_zip: "x86_64", "arm64"; empty: of this build
  std::map<std::string, std::string, std::less<>> stage_architectures;  // of stages whose programs are of another
  std::optional<IntakeSettings> intake;      // none: no intake function, and one that is there goes
  std::optional<std::string> intake_secret;  // none: the function keeps what it has
  WaitHooks wait_hooks;                      // of what up() and down() wait for

  [[nodiscard]] std::string architecture_of(std::string_view function) const;
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
  // gone; with the bucket go its objects. With `keep` the tables and the bucket stay, as they are. What cannot be
  // removed is reported as "not deleted: why" and keeps nothing else; the first such failure comes back at the end.
  enum class Keep { nothing, data };
  base::Result<void> down(const Report& report, Keep keep = Keep::nothing);
  // After down(): looks until two looks in a row agree on what is left, by the services' lists and at every name that
  // the stack has, since lists lag behind; what shows that should be gone is removed once more, and waited for. Answers
  // what is left: what could not be removed, what others have made under the stack's prefix, and what was kept.
  base::Result<std::vector<Step>> settle(Keep keep = Keep::nothing);
  // Whether down() leaves it with Keep::data.
  [[nodiscard]] bool keeps(const Step& step) const;
  // The e-mail subscriptions of the stack, "topic -> address", whose owners have to confirm them.
  base::Result<std::vector<std::string>> pending_confirmations();
  // What exists now under the stack's prefix, by asking every service's List or Describe call; empty after down(). What
  // belongs to another stack whose name begins with this one's and a hyphen is that one's: shop-test is not of shop.
  base::Result<std::vector<Step>> list();

  // Names, URLs and ARNs of this stack's resources.
  [[nodiscard]] PipelineConfig config() const;
  [[nodiscard]] std::string queue_url(std::string_view what) const { return site_.queue_url(site_.name(what)); }
  [[nodiscard]] std::string alarms_topic() const { return site_.name("alarms"); }
  [[nodiscard]] const StackOptions& options() const { return options_; }
  // With services whose calls answer at once.
  [[nodiscard]] const Site& site() const { return plain_site_; }
  // A function that has more variables, those of the definition and the pipeline's own, than Lambda takes.
  struct EnvironmentFault {
    std::string_view stage;  // "process"
    std::size_t bytes = 0;   // as Lambda counts them
  };
  [[nodiscard]] std::optional<EnvironmentFault> environment_fault() const;
  // In the order in which they need each other.
  [[nodiscard]] const Resources& resources() const { return resources_; }

  // What a drill of alarms needs beside the stack, in the order to make it: a queue that gets the alarms' notifications
  // and, if `with_table`, a table that is throttled soon and an alarm over it. None of it is in the plan. All bear the
  // same `name`, a new_drill_name() each time: SQS does not take a name again for a minute, and drills may meet.
  [[nodiscard]] Resources drill_resources(const std::string& name, bool with_table) const;
  [[nodiscard]] std::string new_drill_name() const;

 private:
  [[nodiscard]] Resource& resource_of(const PlannedStep& step) const;
  base::Result<void> take_down(const Resources& resources, bool report_absent, const Report& report, Keep keep);
  base::Result<std::vector<Step>> look(std::vector<Resource*>& ours);
  [[nodiscard]] Resources topics_of_old_rules(const std::vector<Step>& found) const;
  [[nodiscard]] std::string rule_topic_prefix() const { return site_.name("rule-"); }
  [[nodiscard]] bool is_drill_name(std::string_view name) const;
  void add_tables();
  void add_messaging();
  void add_functions();
  void add_function(std::string_view what, FunctionSpec spec, std::vector<Grant> grants, Resources& resources) const;
  void add_intake();
  void add_alarms();

  const StackOptions options_;
  mutable Patience patience_;
  const PatientServices patient_;
  const Site plain_site_;
  const Site site_;
  Resources resources_;  // in the order in which they need each other
  Resources unwanted_;   // what an earlier definition had and this one has not
  // Kinds and names of what down() could not remove, and of what it has removed.
  std::set<std::pair<std::string, std::string>> refused_;
  std::set<std::pair<std::string, std::string>> removed_;
};

}  // namespace pipeline
