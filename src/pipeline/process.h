// Process: the process function. Takes a batch of orders from the queue, stores each accepted one exactly once, lets a
// newer version of an order replace an older one, puts the others into quarantine, has those notified that the rules
// want, and answers which messages must come again. Faults of the
// infrastructure go back to the queue; a bad order never does. Safe from any thread.
//
// Rows are made by PartiQL INSERTs, 25 to a call: each stands for itself, fails if the key is taken, and costs what a
// conditional PutItem costs. Whatever such a call does not settle is put again by itself, where DynamoDB shows the old
// row.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/definition.h"
#include "pipeline/event.h"
#include "pipeline/notifier.h"

namespace pipeline {

// What became of the records of one batch; their sum is `records_in`.
struct ProcessCounts {
  uint64_t records_in = 0;
  uint64_t stored = 0;       // new rows, and repeated deliveries of an order that had made its row
  uint64_t updated = 0;      // rows of an older version that were replaced, and repeated deliveries of what did that
  uint64_t superseded = 0;   // older than what is there
  uint64_t duplicate = 0;    // the same order came from elsewhere before
  uint64_t quarantined = 0;  // rejected or in conflict
  uint64_t retried = 0;      // went back to the queue
  uint64_t notified = 0;     // of the stored and updated: published by this invocation
  ReasonCounts reasons;      // of `quarantined`
};

class Process {
 public:
  Process(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
          PipelineConfig config, const Definition& definition = {});

  struct Answer {
    std::string payload;  // batchItemFailures
    ProcessCounts counts;
  };
  // One invocation; records that cannot be begun 3 seconds before `deadline` go back to the queue. The error says why
  // the event is not a queue event.
  std::expected<Answer, std::string> handle(std::string_view payload, base::Timestamp deadline);

 private:
  enum class Outcome { stored, updated, superseded, duplicate, quarantined, retry };
  // An order on its way into the table.
  struct Entry {
    std::size_t position;  // in the batch
    const QueueRecord& record;
    Transaction order;
    Item row;
  };
  [[nodiscard]] bool too_late(base::Timestamp deadline) const;
  std::vector<Outcome> process(std::span<const QueueRecord> records, base::Timestamp deadline, ProcessCounts& counts);
  void insert(std::span<const Entry> entries, std::vector<Outcome>& outcomes, ProcessCounts& counts);
  Outcome put(const Entry& entry, ProcessCounts& counts);
  Outcome already_there(const Entry& entry, const Item& old, ProcessCounts& counts);
  Outcome replace(const Entry& entry, const Item& old, ProcessCounts& counts);
  Outcome settle(const Item& row, bool hold_lease, Outcome outcome, ProcessCounts& counts);
  Outcome quarantine(const QueueRecord& record, const Rejection& rejection, ProcessCounts& counts);
  [[nodiscard]] Item make_row(const QueueRecord& record, const Transaction& order, base::Timestamp deadline);

  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig config_;
  const TransactionReader reader_;
  const NotificationRules rules_;
  Notifier notifier_;
};

// The `source` of a record that did not come from an upload.
std::string source_of(const QueueRecord& record);

}  // namespace pipeline
