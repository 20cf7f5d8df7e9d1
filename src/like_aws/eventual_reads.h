// EventualReads: reads of DynamoDB that are not strongly consistent may show items as they were up to a second ago:
// GetItem and BatchGetItem an earlier version or none, Query and Scan without items that are new. Reads with
// ConsistentRead, and all writes with their conditions, are exact. The past that is shown is what PutItem, UpdateItem
// and DeleteItem have replaced; what batches, transactions and PartiQL change is read as it is. Owned by LikeAws; safe
// from any thread.
//
// Source: DynamoDB Developer Guide, "DynamoDB read consistency".
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "like_aws/conditions.h"

namespace like_aws {

inline constexpr double kStaleReadRate = 0.3;  // of eventually consistent reads of items that have just changed
inline constexpr std::chrono::milliseconds kStaleFor{1000};

class EventualReads final : public Behaviour {
 public:
  // `dynamodb` is asked for tables' keys; it outlives this object.
  EventualReads(Conditions& conditions, aws::dynamodb::DynamoDb& dynamodb)
      : conditions_(conditions), dynamodb_(dynamodb) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  using Item = aws::Map<aws::dynamodb::AttributeValue>;
  using Past = std::optional<Item>;  // nullopt: it was not there
  struct Version {
    Past past;
    base::Timestamp until;  // when it was replaced
  };
  struct Table {
    std::vector<std::string> key_names;
    std::map<std::string, Version> versions;  // by the item's key
  };
  template <class In, class Out>
  base::Result<void> write(Call& call, const CarryOut& carry_out);
  base::Result<void> get(Call& call, const CarryOut& carry_out);
  base::Result<void> batch_get(Call& call, const CarryOut& carry_out);
  template <class In, class Out>
  base::Result<void> search(Call& call, const CarryOut& carry_out);
  // Makes items what they were; those that were not there, or that `projected` keeps from being shown as they were, go
  // or stay. Answers how many have become different.
  std::size_t make_stale(const Call& call, const std::string& table, std::vector<Item>& items, bool projected);
  std::vector<std::string> key_names(const Call& call, const std::string& table);
  // What the item was within the last second, if it has changed since.
  std::optional<Past> past_of(const Call& call, const std::string& table, const Item& item);
  void remember(const Call& call, const std::string& table, const Item& item, Past past);
  void forget(const std::string& table);

  Conditions& conditions_;
  aws::dynamodb::DynamoDb& dynamodb_;
  std::mutex mutex_;
  std::map<std::string, Table> tables_;  // by Call::regional(name)
};

}  // namespace like_aws
