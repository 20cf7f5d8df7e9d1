// Recovery: RocksDB opened with our options, and the checks of what it would recover before it is let near the files.
// Includes RocksDB; only for the .cc files of this directory. Used by the thread that opens a store.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/wal_filter.h>

#include <expected>
#include <memory>
#include <string>

#include "store/rocksdb/rocksdb_store.h"

namespace store {

// RocksDB's options with the reason for each choice.
rocksdb::Options rocksdb_options(const RocksDbOptions& options);

struct Recovered {
  std::unique_ptr<rocksdb::WalFilter> log_check;  // must outlive db, whose options point to it
  std::unique_ptr<rocksdb::DB> db;
  CommitSequence sequence;  // of the newest batch in it
  uint64_t replayed;        // changes that were only in the log, and are in the memtable now
};

// Reads what is there without changing it, compares it with the log's own continuity and with `watermark`, and only
// then opens for real. A log that a power cut has torn behind everything acknowledged is cut off there (log_scan.h);
// with accept_data_loss, so is one with any other damage or gap.
std::expected<Recovered, OpenError> recover(const RocksDbOptions& options, const std::string& path,
                                            const rocksdb::Options& engine_options, CommitSequence watermark);

// What of the manifest and the log recover() would refuse, or call damaged; else the sequence that they lead to. What a
// power cut has torn behind everything acknowledged is none of it. Changes nothing.
std::expected<CommitSequence, OpenError> inspect_store(const std::string& path, const rocksdb::Options& engine_options,
                                                       CommitSequence watermark);

}  // namespace store
