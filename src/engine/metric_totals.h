// MetricTotals: stands before CloudWatch where the engine's own metrics are put, and adds up those that are counts of
// functions and of orders, so that who watches the engine need not ask CloudWatch. Owned by the engine; safe from any
// thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/caller.h"
#include "aws/forwarder.h"

namespace engine {

struct MetricTotal {
  std::string name_space, name;  // "AWS/Lambda", "Errors"
  std::string subject;           // the function; of other namespaces the stack
  double sum = 0;                // since the engine started
};

class MetricTotals {
 public:
  // Of one metric; further ones are added up as "other".
  static constexpr std::size_t kSubjectsMax = 100;

  // `real` outlives this object.
  explicit MetricTotals(aws::cloudwatch::CloudWatch& real);
  // To put metrics into.
  aws::cloudwatch::CloudWatch& door() { return caller_; }
  std::vector<MetricTotal> read();

 private:
  void count(const aws::cloudwatch::PutMetricDataInput& in);

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::map<std::string, double>> totals_;
  aws::Forwarder forwarder_;
  aws::cloudwatch::CloudWatchCaller caller_{forwarder_};
};

}  // namespace engine
