#include "cli/row_order.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/decimal.h"

namespace cli {
namespace {

struct Kept {
  std::string key;
  pipeline::Item row;
};

// The first so many.
class First {
  [[nodiscard]] auto before() const {
    return [this](const Kept& a, const Kept& b) { return descending_ ? b.key < a.key : a.key < b.key; };
  }

 public:
  First(uint64_t limit, bool descending) : limit_(limit), descending_(descending) {}
  // Answers whether one had to go.
  bool add(Kept kept) {
    heap_.push_back(std::move(kept));
    std::ranges::push_heap(heap_, before());
    if (heap_.size() <= limit_) return false;
    std::ranges::pop_heap(heap_, before());
    heap_.pop_back();
    return true;
  }
  std::vector<Kept> take() {
    std::ranges::sort_heap(heap_, before());
    return std::move(heap_);
  }

 private:
  const uint64_t limit_;
  const bool descending_;
  std::vector<Kept> heap_;  // the last of them in front
};

}  // namespace

std::string time_key(base::Timestamp time) {
  return base::Decimal::from_integer(base::to_epoch_milliseconds(time)).sortable_bytes();
}

base::Result<bool> for_each_row_in_order(const pipeline::Site& site, const aws::dynamodb::ScanInput& scan,
                                         const RowOrder& order,
                                         const std::function<base::Result<bool>(const pipeline::Item&)>& each) {
  bool more = false;
  if (!order.key) {
    uint64_t count = 0;
    TRY(for_each_row(site, scan, [&](pipeline::Item& row) -> base::Result<bool> {
      more = count++ == order.limit;
      if (more) return false;
      return each(row);
    }));
    return more;
  }
  First first(order.limit, order.descending);
  TRY(for_each_row(site, scan, [&](pipeline::Item& row) -> base::Result<bool> {
    std::string key = order.key(row);
    more = first.add({std::move(key), std::move(row)}) || more;
    return true;
  }));
  for (const Kept& kept : first.take()) {
    TRY_ASSIGN(const bool go_on, each(kept.row));
    if (!go_on) break;
  }
  return more;
}

}  // namespace cli
