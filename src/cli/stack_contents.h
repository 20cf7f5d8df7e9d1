// What is in a stack: the waiting messages of its queues, the rows of its tables, the objects of its bucket. Functions;
// used from one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "pipeline/stack.h"

namespace cli {

// What is in a queue or a table, for a step of Stack::list(); of others what the step says. `json` has members of an
// object after a comma: of a table "rows" and what that number is, in "rows_are": "counted", "at_least", or
// "up_to_6_hours_old".
struct Contents {
  std::string text;
  std::string json = {};
};
Contents contents(const pipeline::Site& site, const pipeline::Step& step);

// Messages of a queue: waiting, delayed and in flight. Approximate on AWS.
base::Result<uint64_t> messages_in(const pipeline::Site& site, const std::string& queue);

// A number that was not counted to its end if there is more than anybody wants to wait for.
struct Count {
  uint64_t seen = 0;
  bool is_complete = true;
};
// The number, or "more than" it.
std::string text_of(const Count& count);
// The rows of a table, counted, for about `at_most`: DescribeTable's ItemCount is hours old on AWS. No table has none.
base::Result<Count> rows_in(const pipeline::Site& site, const std::string& table,
                            base::Duration at_most = std::chrono::minutes(1));

struct StackContents {
  std::map<std::string, uint64_t> resources;  // that exist, by kind
  Count orders, quarantined, uploads;         // an upload is an object of the bucket
  uint64_t messages = 0;                      // of all queues
};
// Looks at all that down() would remove.
base::Result<StackContents> count_contents(pipeline::Stack& stack);

}  // namespace cli
