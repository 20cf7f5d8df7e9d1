// till run --watch, till ingest --watch: the files of a directory, each when it is finished, one at a time and by name.
// What was taken is known by its content and its name, which are the name of its object: so it is known after a kill,
// and to whoever watches next. The files themselves are never touched. Used from one thread.
#pragma once

#include "cli/commands.h"
#include "os/directory_watch.h"

namespace cli {

// Goes on after a file that is no good, until a signal or until nobody answers any more. With --json a line per file.
// The exit code is that of the first file with which something was wrong; kInterrupted if one was not followed to its
// end, of which the next watch tells.
int watch(Session& session, const GlobalOptions& global, const RunOptions& options, os::DirectoryWatch& directory);

}  // namespace cli
