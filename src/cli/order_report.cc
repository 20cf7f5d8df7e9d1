#include "cli/order_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cli/output.h"
#include "cli/row_text.h"
#include "cli/table_text.h"
#include "os/local_time.h"
#include "pipeline/average.h"

namespace cli {
namespace {

namespace orders = pipeline::orders;

constexpr int kDigitsUnknown = 2;  // of an average in a currency that nobody knows

void add_to(std::optional<base::Decimal>& sum, const base::Decimal& amount) {
  if (!sum.has_value()) return;
  const auto added = sum->add(amount);
  sum = added.has_value() ? std::optional(*added) : std::nullopt;
}

std::string json_number(const std::optional<base::Decimal>& number) {
  return number.has_value() ? number->to_string() : "null";
}

// So many eighths of a column, full blocks first.
std::string bar(uint64_t eighths) {
  constexpr std::array<std::string_view, 8> kBlocks{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string out;
  for (uint64_t i = 0; i < eighths / 8; ++i) out += "█";
  return out.append(kBlocks[eighths % 8]);
}

// part / whole of `units`, rounded down. REQUIRES: whole > 0, units < 100,000. Only for drawing: 12 digits count.
uint64_t share_of(const base::Decimal& part, const base::Decimal& whole, uint64_t units) {
  constexpr int kDigits = 12;
  const std::string text = whole.to_string();
  const std::size_t point = std::min(text.size(), text.find('.'));
  const std::size_t first = text.find_first_of("123456789");
  const int leading =
      first < point ? static_cast<int>(point - first) : static_cast<int>(point) - static_cast<int>(first) + 1;
  const auto scaled = [&](const base::Decimal& number) -> uint64_t {
    const auto moved = base::Decimal::parse(fmt::format("{}e{}", number.to_string(), kDigits - leading));
    const std::string moved_text = moved.has_value() ? moved->to_string() : "0";
    const auto integer = base::Decimal::parse(moved_text.substr(0, moved_text.find('.')))->to_integer();
    return static_cast<uint64_t>(std::max<int64_t>(0, integer.value_or(0)));
  };
  return scaled(part) * units / std::max<uint64_t>(1, scaled(whole));
}

}  // namespace

void OrderReport::count(const base::Decimal& amount, bool is_refund, Group& group) {
  if (is_refund) {
    ++group.refunds;
    add_to(group.refunded, amount.sign() < 0 ? amount.negated() : amount);
    return;
  }
  ++group.orders;
  add_to(group.value, amount);
  group.largest = std::max(group.largest.value_or(amount), amount);
}

void OrderReport::add(const pipeline::Item& row) {
  constexpr std::size_t kDay = 10, kMonth = 7;  // 2024-01-02, 2024-01
  const auto amount = base::Decimal::parse(pipeline::text_of(row, orders::kAmount));
  if (!amount.has_value()) return;  // a row that somebody else has put
  const std::string period = local_or_empty(time_of_order(row)).substr(0, by_ == By::day ? kDay : kMonth);
  const std::string currency(pipeline::text_of(row, orders::kCurrency));
  const bool is_refund = pipeline::text_of(row, orders::kType) == orders::kRefund;
  count(*amount, is_refund, groups_[{period, currency}]);
  count(*amount, is_refund, totals_[currency]);
}

int OrderReport::digits_of(const std::string& currency) const {
  return minor_digits_of(currency, mapping_).value_or(kDigitsUnknown);
}

OrderReport::Sum OrderReport::average_of(const std::string& currency, const Group& group) const {
  if (group.orders == 0 || !group.value.has_value()) return std::nullopt;
  return pipeline::average(*group.value, group.orders, digits_of(currency));
}

std::string OrderReport::json_of(const std::string& currency, const Group& group) const {
  return fmt::format(
      "\"currency\":{},\"orders\":{},\"value\":{},\"average\":{},\"largest\":{},\"refunds\":{},\"refunded\":{}",
      currency.empty() ? "null" : json_text(currency), group.orders, json_number(group.value),
      json_number(average_of(currency, group)), json_number(group.largest), group.refunds, json_number(group.refunded));
}

std::string OrderReport::json() const {
  std::string periods;
  for (const auto& [key, group] : groups_)
    periods += fmt::format("{}{{\"period\":{},{}}}", periods.empty() ? "" : ",", json_text(key.first),
                           json_of(key.second, group));
  std::string totals;
  for (const auto& [currency, group] : totals_)
    totals += fmt::format("{}{{{}}}", totals.empty() ? "" : ",", json_of(currency, group));
  return fmt::format("{{\"by\":\"{}\",\"zone\":{},\"periods\":[{}],\"totals\":[{}]}}", by_ == By::day ? "day" : "month",
                     json_text(os::zone_text()), periods, totals);
}

std::vector<std::string> OrderReport::cells_of(std::string period, const std::string& currency,
                                               const Group& group) const {
  const auto money = [&](const Sum& number, bool any) {
    if (!any) return std::string("-");
    return number.has_value() ? money_text(number->to_string(), minor_digits_of(currency, mapping_))
                              : std::string("more than 38 digits");
  };
  const bool any = group.orders != 0;
  return {std::move(period),
          currency.empty() ? "-" : currency,
          std::to_string(group.orders),
          money(group.value, any),
          money(average_of(currency, group), any),
          money(group.largest, any),
          std::to_string(group.refunds),
          money(group.refunded, group.refunds != 0)};
}

void OrderReport::print() const {
  const std::string period = fmt::format("{} ({})", by_ == By::day ? "DAY" : "MONTH", os::zone_text());
  Table table({{period},
               {"CURRENCY"},
               {"ORDERS", true},
               {"VALUE", true},
               {"AVERAGE", true},
               {"LARGEST", true},
               {"REFUNDS", true},
               {"REFUNDED", true}},
              "no order matches");
  for (const auto& [key, group] : groups_) table.add(cells_of(key.first, key.second, group));
  for (const auto& [currency, group] : totals_) table.add(cells_of("total", currency, group));
}

void OrderReport::print_chart(int columns) const {
  constexpr int kBarMin = 10;
  for (const auto& [currency, total] : totals_) {
    std::optional<base::Decimal> largest;
    std::size_t widest = 0;
    const auto text = [&](const Group& group) {
      return group.value.has_value() ? money_text(group.value->to_string(), minor_digits_of(currency, mapping_)) : "?";
    };
    for (const auto& [key, group] : groups_) {
      if (key.second != currency || !group.value.has_value()) continue;
      largest = std::max(largest.value_or(*group.value), *group.value);
      widest = std::max(widest, text(group).size());
    }
    print_line("");
    print_line(
        fmt::format("value per {}{}", by_ == By::day ? "day" : "month", currency.empty() ? "" : ", " + currency));
    const int period_width = by_ == By::day ? 10 : 7;
    const int room = std::max(kBarMin, columns - period_width - static_cast<int>(widest) - 4);
    for (const auto& [key, group] : groups_) {
      if (key.second != currency) continue;
      const bool any = group.value.has_value() && largest.has_value() && largest->sign() > 0;
      const uint64_t eighths = any ? share_of(*group.value, *largest, static_cast<uint64_t>(room) * 8) : 0;
      print_line(fmt::format("{:<{}}  {:>{}}  {}", key.first, period_width, text(group), widest, bar(eighths)));
    }
  }
}

}  // namespace cli
