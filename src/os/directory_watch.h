// DirectoryWatch: the files of a directory that are finished: no process has them open for writing. Changes nothing and
// leaves nothing behind. Used from one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/time.h"
#include "os/child_process.h"

namespace os {

struct FinishedFile {
  std::string name;     // within the directory
  std::string version;  // another one when the file has been written or replaced
  bool operator==(const FinishedFile&) const = default;
};

class DirectoryWatch {
 public:
  // The error is one sentence for people that names the directory.
  static std::expected<DirectoryWatch, std::string> make(std::string directory);

  // The finished files that are there now, by name. Left out: what is no regular file, hidden ones, those that browsers
  // and copying programs rename when they are whole (.part, .tmp, .crdownload), and empty ones. Where the system does
  // not tell who writes (another user's file, some network file systems), a file is finished when it has not changed
  // for two seconds.
  std::expected<std::vector<FinishedFile>, std::string> finished();
  // Whether the file is as finished() has shown it.
  [[nodiscard]] bool is_unchanged(const FinishedFile& file) const;
  // Sleeps until a file has been closed or moved into the directory, at most `how_long`. Whether that was so.
  bool wait(base::Duration how_long);

 private:
  DirectoryWatch(std::string directory, FileDescriptor events)
      : directory_(std::move(directory)), events_(std::move(events)) {}

  std::string directory_;
  FileDescriptor events_;
};

}  // namespace os
