// What PutMetricAlarm and PutCompositeAlarm ask for, checked. Pure functions, safe from any thread. Texts: protocols.md
// 4.6 where it has them; what AWS does and this engine does not is refused by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "aws/context.h"
#include "base/result.h"
#include "engine/cloudwatch/alarm.h"

namespace engine::cloudwatch {

// A new alarm in its first state, as of context.now.
base::Result<Alarm> read_metric_alarm(const aws::Context& context, aws::cloudwatch::PutMetricAlarmInput in);
base::Result<Alarm> read_composite_alarm(const aws::Context& context, aws::cloudwatch::PutCompositeAlarmInput in);

// Fails unless `value` is one of the three states of an alarm.
base::Result<void> check_state_value(std::string_view value);

// Adds `added` to `tags`, unless the result is more than an alarm may have.
base::Result<void> add_tags(const std::vector<aws::cloudwatch::Tag>& added, aws::Map<std::string>& tags);

std::unexpected<base::AwsError> invalid_alarm(std::string message);  // ValidationError

}  // namespace engine::cloudwatch
