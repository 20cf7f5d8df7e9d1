// Following a file of orders through the pipeline: upload it, watch it being worked on, count what became of it. Used
// by `till run`, `ingest` and `bench`; from one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "cli/interruption.h"
#include "cli/object_upload.h"
#include "cli/run_record.h"
#include "pipeline/accounting.h"
#include "pipeline/stack.h"

namespace cli {

struct Followed {
  std::string upload_error;  // why the document could not be read (on) as orders; empty if it could
  pipeline::Tally tally;
  double seconds = 0;         // from the start of the upload until every order was accounted for
  uint64_t dead_letters = 0;  // messages in the dead-letter queue
  uint64_t dead_before = 0;   // those of it that were there before the upload
};

class Follower {
 public:
  // `interruption` and `definition` outlive this object.
  Follower(pipeline::Services services, base::Env& env, pipeline::Stack& stack, const pipeline::Definition& definition,
           Interruption& interruption);

  // Uploads `file` and returns once no order is missing, or once nothing moves any more (missing orders are then in
  // the tally). Shows progress on stderr unless `quiet`, and what the ingest function fails with. Memory does not grow
  // with the file. Fails with "Interrupted" soon after a signal, what has been uploaded by then stays; with "Local" if
  // the file cannot be read, or will never be read by the ingest function. With a `key` (object_key) it becomes that
  // object; where that is there and has been read, it is not uploaded again, and what is told is what became of it.
  base::Result<Followed> follow(const InputFile& file, bool quiet, const std::string& key = "");
  // The same key for the same content under the same name, whoever asks and when.
  static base::Result<std::string> object_key(const InputFile& file);
  // Whether the object `key`, made of this file, has been read, and its run has told the user or goes on to do so.
  base::Result<bool> is_done(const InputFile& file, const std::string& key);
  // The user has been told. Until then the next run of the same file reports for this one, as if it had gone on.
  void reported();

 private:
  struct Upload {
    std::string key;
    std::string id;
    std::vector<std::string> earlier;  // uploads of the same file that nobody has reported
  };
  // The upload's row if it is DONE or FAILED.
  base::Result<std::optional<pipeline::Item>> row_if_read(const std::string& upload_id);
  // The id of the object's upload if that has been read.
  base::Result<std::optional<std::string>> upload_if_read(const std::string& key);
  // Waits for it.
  base::Result<pipeline::Item> wait_for_ingest(const Upload& upload);
  // Counts until no order is missing, or nothing moves any more; fills the rest of `followed`. Answers the moment from
  // which on nothing changed.
  base::Result<base::Timestamp> wait_for_rows(const InputFile& file, const Upload& upload, const pipeline::Item& row,
                                              bool quiet, Followed& followed);
  base::Result<pipeline::Tally> count(const InputFile& file, const Upload& upload, const pipeline::Item& row);

  pipeline::Services services_;
  base::Env& env_;
  pipeline::Stack& stack_;
  const pipeline::Definition& definition_;
  Interruption& interruption_;
  const pipeline::PipelineConfig config_;
  RunRecord record_;
  ObjectUpload upload_;
};

// The value below which `percent` of the values are (nearest rank); 0 for none. Sorts its argument.
uint32_t percentile(std::vector<uint32_t>& values, unsigned percent);

}  // namespace cli
