// RunRecord: which runs of a file have begun and not reported what became of its orders, because they were killed or
// interrupted. The next run of the same bytes on the same machine reports for them too; of those on other machines
// nobody knows whether they go on. Kept in the uploads table. Used from one thread.
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
  // Whether a run that has uploaded `file` as `key` has ended without reporting.
  base::Result<bool> is_left(const std::string& file, const std::string& key);
  // What begin() noted and found has been reported.
  base::Result<void> end();

 private:
  base::Result<void> add(const std::string& note);
  // Of runs of the file that have surely ended.
  base::Result<std::vector<std::string>> notes(const std::string& file);

  pipeline::Services services_;
  base::Env& env_;
  const pipeline::PipelineConfig& config_;
  std::string id_;                  // of the row
  std::vector<std::string> notes_;  // of this run and of those it reports for
};

// In hex. Fails with "Local" if the file cannot be read.
base::Result<std::string> sha256_of_file(const std::string& file);

}  // namespace cli
