// NewFile: a file that is written piece by piece and gets its name only when it is whole. It never takes the place of
// another file. Used by one thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "os/child_process.h"

namespace os {

class NewFile {
 public:
  static constexpr unsigned kForAll = 0666;
  static constexpr unsigned kForOwner = 0600;
  // Begins the file beside `path`, under a name of its own that goes if this object goes before commit(), or if it did
  // not since its process was killed, with the next make() of the same path. Whose bits `mode` lets it be, as open(2).
  // The error is one sentence for people that names the path: there is such a file, or none can be made there.
  static std::expected<NewFile, std::string> make(const std::string& path, unsigned mode = kForAll);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) = delete;
  ~NewFile();

  // The error as above.
  std::expected<void, std::string> write(std::string_view bytes);
  // Syncs it and gives it its name, unless there is such a file by now. The error as above. At most once.
  std::expected<void, std::string> commit();

 private:
  NewFile(std::string path, std::string unfinished, FileDescriptor file)
      : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(std::move(file)) {}

  std::string path_;
  std::string unfinished_;  // empty: it has its name, or was moved from
  FileDescriptor file_;
};

}  // namespace os
