// Deployment packages of functions. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cli {

struct PackageFile {
  std::string name;  // with "/" between its parts
  std::string bytes;
  bool is_executable = false;
};

// A zip archive of these files, at least one. The same files give the same bytes, so that nothing changes when a stack
// is made what it is already. Fails with "Local".
base::Result<std::string> make_package(const std::vector<PackageFile>& files);
// The zip archive `package` with these files, too. The same arguments give the same bytes. Fails with "Local" if
// `package` is no archive.
base::Result<std::string> with_files(std::string_view package, const std::vector<PackageFile>& files);

// Whether the archive says that nobody may execute its `bootstrap`, as Lambda has to. An archive that says nothing of
// modes does not.
bool forbids_execution(std::string_view package);

// What the program `bootstrap` of a package runs on, as Lambda calls it: "x86_64" or "arm64"; empty if there is none
// (or a script, or a program of another machine), or `package` is no archive.
std::string architecture_of(std::string_view package);

}  // namespace cli
