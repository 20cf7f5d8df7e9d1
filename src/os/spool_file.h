// SpoolFile: bytes of standard input that are read more than once: a file without a name, which nobody else can open
// and which is gone with the process however that ends. A value that can only be moved.
#pragma once

#include <expected>
#include <string>

#include "os/child_process.h"

namespace os {

class SpoolFile {
 public:
  // Reads standard input to its end. In TMPDIR, else /tmp; memory does not grow with it. The error is one sentence for
  // people.
  static std::expected<SpoolFile, std::string> of_standard_input();

  // By which this process can open it, as often as it likes, while this object is there.
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  explicit SpoolFile(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace os
