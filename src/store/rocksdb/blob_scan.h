// RocksDB's blob files read by ourselves, because its interface checks a blob only when its value is read. Includes no
// RocksDB; a function, safe from any thread.
#pragma once

#include <string>

namespace store {

// What is wrong with the blob file at `path`, half a sentence; empty: every byte of it is as it was written.
std::string damage_in_blob_file(const std::string& path);

}  // namespace store
