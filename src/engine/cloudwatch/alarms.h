// Alarms: the metric and composite alarms of every account and region, their evaluation, history and actions. Owned by
// CloudWatchService, which exposes the operations; safe from any thread. Alarms, history and pending actions are
// durable: every change is one batch. Actions are executed by an Outbox, so they survive a crash and happen at least
// once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "aws/context.h"
#include "base/env.h"
#include "base/result.h"
#include "engine/cloudwatch/aggregate.h"
#include "engine/cloudwatch/alarm.h"
#include "engine/cloudwatch/alarm_documents.h"
#include "engine/cloudwatch/alarm_evaluation.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/service.h"
#include "engine/outbox.h"
#include "store/kv_store.h"

namespace engine::cloudwatch {

constexpr int64_t kTickSeconds = 10;  // between two moments at which alarms may be due

// Asks for the data of one metric in periods that begin at span.start.
struct WindowQuery {
  std::string_view account;
  std::string_view region;
  std::string_view name_space;
  std::string_view metric_name;
  const Dimensions& dimensions;       // checked
  std::optional<uint64_t> unit = {};  // index into kUnits; all of them together if absent
  Span span = {};
  int64_t period_seconds = 60;
  bool with_values = false;  // for percentiles
};
// The periods that have data, with their starts, in the order of time.
using ReadWindows = std::function<std::vector<std::pair<int64_t, Aggregate>>(const WindowQuery& query)>;

class Alarms {
 public:
  // Loads the alarms from `store`. The references and callees outlive it; `read` is called without a lock of its own.
  Alarms(store::KvStore& store, base::Env& env, CloudWatchOptions options, ReadWindows read);
  ~Alarms();  // stop()
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  // Begins to evaluate alarms, to execute actions and to remove old history.
  void start();
  void stop();
  // Evaluates what has become due since the last time, each due moment in its order, at most kEvaluatedLate back.
  // REQUIRES: not called twice at a time, nor after start().
  void evaluate_due();

  // The operations, alarms_put.cc.
  base::Result<void> put_metric_alarm(const aws::Context& context, aws::cloudwatch::PutMetricAlarmInput in);
  base::Result<void> put_composite_alarm(const aws::Context& context, aws::cloudwatch::PutCompositeAlarmInput in);
  base::Result<void> set_alarm_state(const aws::Context& context, aws::cloudwatch::SetAlarmStateInput in);
  base::Result<void> enable_actions(const aws::Context& context, const std::vector<std::string>& names, bool enabled);
  base::Result<void> delete_alarms(const aws::Context& context, const std::vector<std::string>& names);
  base::Result<void> tag(const aws::Context& context, const std::string& arn,
                         const std::vector<aws::cloudwatch::Tag>& tags);
  base::Result<void> untag(const aws::Context& context, const std::string& arn, const std::vector<std::string>& keys);
  // alarms_describe.cc
  base::Result<std::vector<aws::cloudwatch::Tag>> tags(const aws::Context& context, const std::string& arn);
  base::Result<aws::cloudwatch::DescribeAlarmsOutput> describe(const aws::Context& context,
                                                               const aws::cloudwatch::DescribeAlarmsInput& in);
  base::Result<aws::cloudwatch::DescribeAlarmsForMetricOutput> describe_for_metric(
      const aws::Context& context, const aws::cloudwatch::DescribeAlarmsForMetricInput& in);
  base::Result<aws::cloudwatch::DescribeAlarmHistoryOutput> describe_history(
      const aws::Context& context, const aws::cloudwatch::DescribeAlarmHistoryInput& in);

 private:
  using Table = std::map<std::string, AlarmRef>;  // by keys::alarm()
  // One batch under way, and what to do once it is written.
  struct Change {
    store::WriteBatch batch;
    std::vector<Outbox::Ticket> actions;
    bool has_items = false;
  };

  void load();
  void run();
  base::Timestamp next_evaluation();  // REQUIRES: mutex_ is held
  void evaluate_at(int64_t seconds, base::Timestamp now);
  std::optional<AlarmVerdict> evaluate(const Alarm& alarm, int64_t end_seconds, base::Timestamp now);
  std::vector<AlarmPoint> read_points(const Alarm& alarm, int64_t end_seconds, int64_t range);
  std::vector<AlarmPoint> read_math_points(const Alarm& alarm, int64_t end_seconds, int64_t range);
  std::optional<base::Timestamp> execute(const Outbox::Entry& entry);
  base::Result<void> call(const AlarmAction& action);
  void sweep_history();
  // Alarms in the order of their keys: those with keys that are not before `from` and begin with `prefix`, or the
  // relatives that `in` asks for. What is done with them needs no lock.
  std::vector<AlarmRef> named_from(const std::string& from, const std::string& prefix);
  std::vector<AlarmRef> relatives(const aws::Context& context, const aws::cloudwatch::DescribeAlarmsInput& in,
                                  const std::string& from);

  // REQUIRES of all that follow: mutex_ is held.
  void commit(Change&& change);
  void add_item(Change& change, std::string_view account, std::string_view region, const HistoryItem& item);
  AlarmRef replace(Change& change, Alarm alarm);  // puts it into the table and the batch
  void remove(Change& change, const Alarm& alarm);
  void forget(const std::string& key, const Alarm& alarm);  // takes it out of the indices
  // Gives the alarm a state, with history and actions if its value is another one, and then its parents theirs.
  // `triggers` are the alarms that made a composite one change.
  void set_state(Change& change, const AlarmRef& alarm, AlarmState state, const std::vector<AlarmRef>& triggers = {});
  AlarmRef set_own_state(Change& change, const AlarmRef& alarm, AlarmState state,
                         const std::vector<AlarmRef>& triggers);
  void evaluate_parents(Change& change, const AlarmRef& child);
  [[nodiscard]] std::string evaluate_rule(const Alarm& composite) const;
  // For the reason of a composite alarm: the states of these alarms, as JSON.
  [[nodiscard]] std::string triggering_alarms(const std::vector<AlarmRef>& children) const;
  [[nodiscard]] std::vector<AlarmRef> children(const Alarm& composite) const;
  [[nodiscard]] std::size_t height(const std::string& key, std::map<std::string, std::size_t>& known) const;
  [[nodiscard]] AlarmRef find(std::string_view account, std::string_view region, std::string_view name) const;
  base::Result<void> check_rule(const Alarm& composite) const;
  base::Result<void> check_room(const Alarm& added) const;
  base::Result<AlarmRef> find_arn(const aws::Context& context, const std::string& arn) const;

  store::KvStore& store_;
  base::Env& env_;
  const CloudWatchOptions options_;
  const ReadWindows read_;
  std::mutex mutex_;  // guards all that follows
  Table alarms_;
  std::map<std::string, std::set<std::string>> parents_;  // keys of the composite alarms whose rule speaks of an alarm
  std::size_t metric_alarms_ = 0;
  std::size_t fast_alarms_ = 0;    // of them, those evaluated more often than each minute
  int64_t evaluated_seconds_ = 0;  // everything due up to this time has been evaluated
  uint64_t next_history_id_ = 1;
  bool stopping_ = false;
  std::unique_ptr<base::Condition> wake_;
  std::unique_ptr<base::Task> evaluator_;
  Outbox actions_;
};

// The key of the alarm that a rule's `text` (a name or an ARN) means, seen from `composite`; empty for an ARN of
// elsewhere.
std::string referenced_key(const Alarm& composite, const std::string& text);

}  // namespace engine::cloudwatch
