// Accounting: what became of every order of an upload, counted from the tables. Each order of the document is looked
// up by its key, so the cost depends on the document and not on the tables, and nothing is derived by subtraction.
// Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/definition.h"
#include "pipeline/rows.h"
#include "pipeline/transaction.h"

namespace pipeline {

// read = accepted + superseded + duplicates + the sum of quarantined + discarded + missing. An order that was refused,
// fixed and sent in again counts as what became of that.
struct Tally {
  uint64_t read = 0;
  uint64_t accepted = 0;                        // the row was made by this upload
  uint64_t updated = 0;                         // of the accepted: it has replaced an older version
  uint64_t superseded = 0;                      // the row is of a newer version of the order
  uint64_t duplicates = 0;                      // the same order, good or bad, had come before
  uint64_t refused_before = 0;                  // of the duplicates: bad ones that nobody has fixed
  uint64_t by_earlier_uploads = 0;              // of the accepted, the quarantined and the discarded: see count()
  std::map<std::string, uint64_t> quarantined;  // by reason
  uint64_t discarded = 0;                       // refused, and then given up by a person
  uint64_t missing = 0;                         // no trace yet: on its way, or in the dead-letter queue
  uint64_t large_orders_notified = 0;           // of the accepted
  uint64_t large_orders_pending = 0;            // of the accepted: notification still owed
  std::vector<uint32_t> latencies_ms;           // of the accepted: from upload to stored
};

class Accounting {
 public:
  Accounting(aws::dynamodb::DynamoDb& dynamodb, base::Env& env, const PipelineConfig& config,
             const Definition& definition);

  // Counts the orders of a document. What became of an order by one of `earlier_uploads`, of the same document, counts
  // as if this upload had done it. `read_piece` appends the document's next piece to its argument, nothing at the
  // end. Memory is bounded but for four bytes per accepted order.
  base::Result<Tally> count(std::string_view upload_id, const std::vector<std::string>& earlier_uploads,
                            base::Timestamp uploaded_at, const std::function<void(std::string&)>& read_piece);

 private:
  struct Order;
  base::Result<void> settle(std::vector<Order>& orders, Tally& tally);
  using Rows = std::map<std::string, Item, std::less<>>;
  base::Result<Rows> fetch(const std::string& table, std::string_view key, const std::vector<std::string>& keys);
  enum class Origin { this_upload, earlier_upload, other };
  void describe(std::string_view text, bool readable, Order& order) const;
  [[nodiscard]] std::optional<Order> fixed(const Order& order, const Rows& quarantined) const;
  [[nodiscard]] bool is_row_of(const Item& row, const Order& order) const;
  [[nodiscard]] Origin origin_of(std::string_view source, const Order& order) const;
  void classify(const Order& order, const Rows& accepted, const Rows& quarantined, Tally& tally);

  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig& config_;
  const DocumentFormat documents_;
  const TransactionReader reader_;
  base::Timestamp uploaded_at_;
  std::vector<std::string> earlier_uploads_;
};

}  // namespace pipeline
