// The files that a command line names: files, directories whose files are meant, and `-`, standard input. Used from
// one thread.
#pragma once

#include <string>
#include <vector>

#include "cli/object_upload.h"
#include "os/spool_file.h"

namespace cli {

struct InputFiles {
  std::vector<InputFile> files;
  std::vector<os::SpoolFile> spooled;  // what `-` has given; its path is good as long as this is there
};

// Directories give the files in them, by their names, without hidden ones. Every file has been looked at: the error
// names the first that is none. Standard input has no path before it is read.
base::Result<InputFiles> input_files(const std::vector<std::string>& named);
// Reads it to its end, if it is named.
base::Result<void> read_standard_input(InputFiles& inputs);

}  // namespace cli
