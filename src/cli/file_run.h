// FileRun: one file's way through the pipeline, told to the user: what `till run` and `ingest` do for each file.
// Used from one thread.
#pragma once

#include <string>

#include "cli/follow.h"
#include "cli/session.h"

namespace cli {

struct FileReport {
  int exit_code = 0;         // what is wrong, if anything; the user has been told
  bool is_followed = false;  // the rest is known
  pipeline::Tally tally;
  std::string json = {};  // members of an object, without braces
};

class FileRun {
 public:
  // The references outlive this object. More than `rejected_max` refused orders, or all, are kCheckFailed.
  FileRun(Session& session, Interruption& interruption, bool json, uint64_t rejected_max);

  // Follows the file (follow.h), as the object `key` if one is given, and prints what became of it unless that is
  // wanted as JSON. What is wrong is told on stderr.
  FileReport follow(const InputFile& file, const std::string& key = "");
  base::Result<bool> is_done(const InputFile& file, const std::string& key) { return follower_.is_done(file, key); }
  // The user has all of it.
  void reported() { follower_.reported(); }

 private:
  Follower follower_;
  const bool json_;
  const uint64_t rejected_max_;
};

// Tells the user why a file could not be followed to its end; the exit code.
int tell_failure(const std::string& file, const base::AwsError& error);

}  // namespace cli
