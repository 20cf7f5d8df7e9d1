// Table: the definition of one table with its indexes, and the locks and counters of its items. Tables are owned by the
// service's directory through shared_ptr. `mutex` guards everything but the stripes: operations on items hold it
// shared, changes of the definition exclusively; a stripe's mutex guards the items whose key falls on it and its
// counters.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engine/dynamodb/item_key.h"
#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/table_metrics.h"
#include "engine/dynamodb/throttle.h"

namespace engine::dynamodb {

struct Throughput {
  int64_t read_units = 0;  // per second; 0 in PAY_PER_REQUEST
  int64_t write_units = 0;
  std::optional<base::Timestamp> last_increase;
  std::optional<base::Timestamp> last_decrease;
};

struct Index {
  uint32_t number = 0;  // part of the keys of its entries; 1 and up, never used again within the table
  bool global = true;
  std::string name;
  KeySchema schema;
  std::string projection_type;  // ALL, KEYS_ONLY, INCLUDE
  std::vector<std::string> non_key_attributes;
  Throughput throughput;
  // The items that were there before the index are not all in it yet (service_index_fill.cc): it takes writes and
  // answers no reads.
  bool filling = false;
};

struct Count {
  int64_t items = 0;
  int64_t bytes = 0;
};

struct Stripe {
  std::mutex mutex;
  std::map<uint32_t, Count> counts;  // by index number, 0 being the table
};

struct Table {
  uint64_t number = 0;  // part of the keys of its rows, never used again
  std::string account;
  std::string region;
  std::string name;
  std::string id;  // TableId, a UUID
  KeySchema schema;
  std::vector<std::pair<std::string, std::string>> attribute_types;  // AttributeDefinitions, in the caller's order
  std::vector<Index> indexes;
  uint32_t next_index_number = 1;
  bool pay_per_request = false;
  std::optional<base::Timestamp> became_pay_per_request;
  Throughput throughput;
  base::Timestamp created;
  bool deletion_protection = false;
  std::string table_class;  // empty if never given
  std::map<std::string, std::string> tags;
  std::string ttl_attribute;  // of the time to live; empty: items do not expire
  bool managed_key = false;   // SSESpecification asked for the account's key of KMS instead of DynamoDB's own
  bool deleted = false;       // it is no longer in the directory

  std::shared_ptr<const TableMetrics> metrics;  // null if none are taken; follows the definition

  std::shared_mutex mutex;
  Throttle throttle;
  std::array<Stripe, kStripesPerTable> stripes;

  [[nodiscard]] Stripe& stripe_of(const ItemKey& key);
  [[nodiscard]] std::size_t stripe_index(const ItemKey& key) const;
  [[nodiscard]] const Index* find_index(std::string_view index_name) const;
  [[nodiscard]] const Index* filling_index() const;  // of which there is at most one; null: there is none
  [[nodiscard]] std::string type_of(std::string_view attribute) const;  // empty if it is not defined
  [[nodiscard]] std::string arn() const;
  // Sum over the stripes, each locked in turn.
  [[nodiscard]] Count count(uint32_t index_number);
  [[nodiscard]] bool has_local_index() const;

  // The definition as a record for the store, without locks and counters.
  [[nodiscard]] std::string encode() const;
  // False if the bytes are not a table (corruption).
  bool decode(std::string_view bytes);
};

std::string encode_counts(const Stripe& stripe);
bool decode_counts(std::string_view bytes, Stripe& stripe);

// Whether a query that goes through the index finds this attribute there.
bool is_projected(const Table& table, const Index& index, std::string_view attribute);

}  // namespace engine::dynamodb
