// Unpacks a Lambda deployment package, which is a zip archive that somebody sent: nothing in it may touch a path
// outside the destination, and what it costs is bounded by what is really inflated, not by what it declares. Pure but
// for the file system; safe from any thread for different destinations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace os {

struct ZipLimits {
  uint64_t unzipped_bytes_max = 262'144'000;  // AWS's quota; the unzipped size must be smaller
  int64_t entries_max = 65'536;
  std::size_t path_bytes_max = 1024;
  std::size_t path_depth_max = 64;
};

// Unpacks `zip_bytes` into the directory `destination` (absolute, its parent is made): into a temporary directory
// beside it, then renamed, so that it appears whole or not at all; an existing directory is replaced. Refused are names
// that are absolute, contain "..", a backslash, a control character or a drive letter, duplicates, encrypted entries,
// devices and links that leave the package. Permission bits are kept without setuid, setgid and sticky; a file can
// always be read by its owner.
//
// InvalidParameterValueException with AWS's text for a package that is not acceptable; ServiceException (500) if the
// file system fails.
base::Result<void> extract_zip(std::string_view zip_bytes, const std::string& destination, const ZipLimits& limits);

// What extract_zip() would refuse by the archive's directory alone, where the sizes are those that it declares, before
// anything is made of it.
base::Result<void> check_zip(std::string_view zip_bytes, const ZipLimits& limits);

// Deletes a directory and all in it, without following links. Missing is fine.
void remove_tree(const std::string& directory);

}  // namespace os
