// UpkeepRoute: the door by which commands have the engine look after its store: POST /_till/checkpoint?run=ID makes a
// checkpoint of it, POST /_till/compact?run=ID gives back the room of what was deleted. Not signed. Who asks proves
// instead that the data directory is theirs: ID is that of a run directory (os::RunDirectory) in it, which has a file
// `upkeep`; whoever reaches the port cannot know it. Safe from any thread.
#pragma once

#include <string>

#include "aws/http/message.h"
#include "base/env.h"
#include "server/worker_pool.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {

inline constexpr std::string_view kUpkeepFile = "upkeep";          // in the run directory: its owner may ask
inline constexpr std::string_view kCheckpointName = "checkpoint";  // there, too: the store that was asked for

class UpkeepRoute final : public aws::http::Handler {
 public:
  // All else goes to `next`. `store` is null where there is none on the disk. The references outlive this object.
  UpkeepRoute(aws::http::Handler& next, base::Env& env, store::DiskStore* store, std::string data_directory);

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    return next_.admit(head, body_bytes);
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override;

 private:
  // The run directory that a query names, if who asks has it.
  [[nodiscard]] std::string run_directory(std::string_view query) const;
  aws::http::Response checkpoint(const std::string& run);
  aws::http::Response compact();

  aws::http::Handler& next_;
  store::DiskStore* const store_;
  const std::string data_directory_;
  server::WorkerPool workers_;  // not on an I/O thread; a checkpoint need not wait for a compaction
};

}  // namespace cli
