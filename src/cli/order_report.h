// OrderReport: what came in per day or month and currency. Amounts are decimal from end to end. Used from one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/decimal.h"
#include "pipeline/definition.h"
#include "pipeline/rows.h"

namespace cli {

class OrderReport {
 public:
  enum class By : uint8_t { day, month };
  // `mapping`, which says how many digits a currency has, outlives this object.
  OrderReport(By by, const pipeline::Mapping& mapping) : by_(by), mapping_(mapping) {}

  // The attributes of a row that it looks at.
  static constexpr std::array<std::string_view, 5> kNeeds{pipeline::orders::kAmount, pipeline::orders::kCurrency,
                                                          pipeline::orders::kType, pipeline::orders::kOccurredAt,
                                                          pipeline::orders::kStoredAt};
  // Counts a row of the orders table under its local date.
  void add(const pipeline::Item& row);
  // {"by":"day","zone":"CET/CEST","periods":[{"period":...}],"totals":[...]}
  [[nodiscard]] std::string json() const;
  // A table, a line for each period and currency, then the totals; on stdout.
  void print() const;
  // Bars as long as the value, on lines of at most `columns`, each currency for itself; on stdout.
  void print_chart(int columns) const;

 private:
  using Sum = std::optional<base::Decimal>;  // none: it has more than 38 digits
  struct Group {
    uint64_t orders = 0;
    Sum value = base::Decimal();
    std::optional<base::Decimal> largest = {};
    uint64_t refunds = 0;
    Sum refunded = base::Decimal();  // whatever the sign of the refunds
  };
  static void count(const base::Decimal& amount, bool is_refund, Group& group);
  [[nodiscard]] int digits_of(const std::string& currency) const;
  [[nodiscard]] Sum average_of(const std::string& currency, const Group& group) const;
  [[nodiscard]] std::string json_of(const std::string& currency, const Group& group) const;
  [[nodiscard]] std::vector<std::string> cells_of(std::string period, const std::string& currency,
                                                  const Group& group) const;

  const By by_;
  const pipeline::Mapping& mapping_;
  std::map<std::pair<std::string, std::string>, Group> groups_;  // by period and currency
  std::map<std::string, Group> totals_;                          // by currency
};

}  // namespace cli
