// IngestWatch: what keeps an upload from being read, looked for where it shows: in the log of the ingest function, in
// what lets S3 call it, in its throttles. For a command that waits for the upload's row and does not get it. Tells the
// user each thing once, on stderr. Used from one thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/env.h"
#include "cli/function_log.h"
#include "pipeline/stack.h"

namespace cli {

class IngestWatch {
 public:
  // `key` is the uploaded object's; the references outlive this object.
  IngestWatch(pipeline::Services services, pipeline::Stack& stack, std::string key);

  // Looks once. The error says why the upload will not be read any more: nobody is going to try again.
  base::Result<void> look();

 private:
  struct Request {
    bool is_ours = false;    // it names the object
    bool is_others = false;  // it names another one
    int failures = 0;
    std::string last_error;
  };
  base::Result<void> begin();
  void read_line(const std::string& line);
  void read_own_line(const std::string& line);
  // Why S3 cannot call the function, if several looks in a row have found it so; tells of throttles.
  base::Result<void> look_at_caller();
  void look_at_metrics();
  base::Result<double> sum_of(const std::string& metric);
  void tell(const std::string& what);

  pipeline::Services services_;
  pipeline::Stack& stack_;
  const std::string key_;
  const std::string function_;
  int64_t since_ms_ = 0;            // by the services' clock
  std::optional<FunctionLog> log_;  // once it is known since when
  int attempts_max_ = 0;
  int looks_ = 0;
  std::string fault_;        // of what lets S3 call the function, as the last look found it
  int fault_looks_ = 0;      // that have found it in a row
  bool was_called_ = false;  // the function, since then
  std::set<std::string> told_;
  std::map<std::string, Request> requests_;
};

}  // namespace cli
