// RunRecord: which runs of a file have begun and not reported what became of its orders, because they were killed or
// interrupted. The next run of the same bytes reports for them too. Kept in the uploads table, so that any machine sees
// it. Runs of one file at the same time report for each other. Used from one thread.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/stack.h"

namespace cli {

class RunRecord {
 public:
  RunRecord(pipeline::Services services, base::Env& env, const pipeline::PipelineConfig& config);

  // Notes that a run of `file` begins, which will upload it as the object `key`. Answers the ids of the uploads of
  // earlier runs that have not reported.
  base::Result<std::vector<std::string>> begin(const std::string& file, const std::string& key);
  // What begin() noted and found has been reported.
  base::Result<void> end();

 private:
  base::Result<void> note(const std::string& key);
  base::Result<std::vector<std::string>> keys();

  pipeline::Services services_;
  base::Env& env_;
  const pipeline::PipelineConfig& config_;
  std::string id_;                 // of the row
  std::vector<std::string> keys_;  // of this run and of those it reports for
};

}  // namespace cli
