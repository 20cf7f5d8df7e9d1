// LogScan: RocksDB's log files read by ourselves, once RocksDB has refused them, to tell two kinds of damage apart. A
// power cut may leave any of the blocks written since the last sync missing, in any order: a hole in what nobody was
// told is durable, which can be cut off. Damage in what was acknowledged is something else. Includes no RocksDB; used
// by the thread that opens a store.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/rocksdb/rocksdb_store.h"

namespace store {

// Written by every batch, at its end, under a key outside of the clients' keys. 16 bytes, most significant first.
constexpr std::string_view kCommitKey("\0commit", 7);
struct Commit {
  CommitSequence sequence = 0;
  CommitSequence durable = 0;  // what was durable when the batch was written: a proof for whoever finds the batch
};
std::string encode_commit(const Commit& commit);
// Also of 8 bytes, the sequence alone, as they were written once: all before it counts as durable then.
std::optional<Commit> decode_commit(std::string_view bytes);

// Where a file in RocksDB's format of logs stops being whole.
struct Cut {
  std::string file;
  uint64_t good_bytes;
};

struct LogScan {
  std::vector<Cut> cuts;      // what is behind does not continue the records before it
  CommitSequence last = 0;    // up to here every batch is there and whole
  CommitSequence proved = 0;  // durable at some time, by the word of any whole record, be it behind the damage
};

// Reads the log files numbered `number_min` and more in `path`, which are to continue `in_tables`. Changes nothing.
std::expected<LogScan, OpenError> scan_logs(const std::string& path, uint64_t number_min, CommitSequence in_tables);

// Shortens the files, which are in `path`, so that they end as those of a writer that was interrupted, durably.
std::expected<void, OpenError> cut_files(const std::vector<Cut>& cuts, const std::string& path);

// The manifest in `path`, which is a log of what files there are, if it is damaged behind its first record.
std::optional<Cut> find_torn_manifest(const std::string& path);

// Makes what a process that was killed had only given to the system as durable as the rest.
std::expected<void, OpenError> sync_logs(const std::string& path);

}  // namespace store
