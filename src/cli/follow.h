// Following a file of orders through the pipeline: upload it, watch it being worked on, count what became of it. Used
// by `till run`, `ingest` and `bench`; from one thread.
#pragma once

#include <string>
#include <vector>

#include "aws/s3/shapes.h"
#include "base/env.h"
#include "cli/interruption.h"
#include "cli/run_record.h"
#include "pipeline/accounting.h"
#include "pipeline/stack.h"

namespace cli {

struct Followed {
  std::string upload_error;  // why the document could not be read (on) as orders; empty if it could
  pipeline::Tally tally;
  double seconds = 0;         // from the start of the upload until every order was accounted for
  uint64_t dead_letters = 0;  // messages in the dead-letter queue
};

class Follower {
 public:
  // `interruption` and `definition` outlive this object.
  Follower(pipeline::Services services, base::Env& env, pipeline::Stack& stack, const pipeline::Definition& definition,
           Interruption& interruption);

  // Uploads `file` and returns once no order is missing, or once nothing moves any more (missing orders are then in
  // the tally). Shows progress on stderr unless `quiet`. Memory does not grow with the file. Fails with "Interrupted"
  // soon after a signal, what has been uploaded by then stays; with "Local" if the file cannot be read.
  base::Result<Followed> follow(const std::string& file, bool quiet);
  // The user has been told. Until then the next run of the same file reports for this one, as if it had gone on.
  void reported();

 private:
  struct Uploaded {
    std::string key;
    std::string etag;
  };
  base::Result<Uploaded> upload(const std::string& file, const std::string& key);
  base::Result<std::string> upload_parts(const std::string& file, const std::string& key);
  base::Result<std::vector<aws::s3::CompletedPart>> send_parts(const std::string& file, const std::string& key,
                                                               const std::string& multipart_id);
  // The upload's row once it is DONE or FAILED.
  base::Result<pipeline::Item> wait_for_ingest(const std::string& upload_id);
  // Messages on a queue of the stack: waiting, delayed and in flight.
  base::Result<uint64_t> depth(std::string_view queue);
  // Returns when the orders queue is empty; shows how far it is.
  base::Result<void> wait_for_queue(uint64_t read, bool quiet);
  base::Result<pipeline::Tally> count(const std::string& file, const std::string& upload_id,
                                      const std::vector<std::string>& earlier_uploads, const pipeline::Item& row);

  pipeline::Services services_;
  base::Env& env_;
  pipeline::Stack& stack_;
  const pipeline::Definition& definition_;
  Interruption& interruption_;
  const pipeline::PipelineConfig config_;
  RunRecord record_;
};

// The file's size in bytes; fails with a message that names it if it cannot be read as a file of orders.
base::Result<uint64_t> check_orders_file(const std::string& file);

// The value below which `percent` of the values are (nearest rank); 0 for none. Sorts its argument.
uint32_t percentile(std::vector<uint32_t>& values, unsigned percent);

}  // namespace cli
