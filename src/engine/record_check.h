// What must hold between the records that the services keep, whatever happened to the machine: counters agree with what
// they count, and what a record refers to is there and whole. For `till verify`; a function, and no service uses the
// store meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/kv_store.h"

namespace engine {

struct BrokenRecord {
  std::string service;  // "DynamoDB"
  std::string name;     // of whose record it is: "table orders", "object bucket/key"
  std::string what;     // is wrong with it, a sentence without its subject
  std::string advice;   // what to do, a sentence
};

struct RecordCheck {
  std::vector<BrokenRecord> broken;  // at most kBrokenMax; `more` of them are not listed
  uint64_t more = 0;
  uint64_t records = 0;  // that were looked at
};
inline constexpr std::size_t kBrokenMax = 1000;

// Reads every table's rows, every object's and function's bytes and every message. Changes nothing.
RecordCheck check_records(store::KvStore& store);

}  // namespace engine
