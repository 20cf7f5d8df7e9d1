#include "pipeline/average.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace pipeline {
namespace {

// One more in the last place.
void increment(std::string& digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
  digits.insert(0, 1, '1');
}

// Whether what is dropped makes one more of what is kept.
bool rounds_up(std::string_view kept, std::string_view dropped, bool more_follows) {
  if (dropped.front() != '5') return dropped.front() > '5';
  const bool is_half = !more_follows && dropped.find_first_not_of('0', 1) == std::string_view::npos;
  const bool is_odd = !kept.empty() && (kept.back() - '0') % 2 == 1;
  return !is_half || is_odd;
}

}  // namespace

// Long division, digit by digit, one place further than anything that is known of the sum.
std::optional<base::Decimal> average(const base::Decimal& sum, uint64_t count, int fraction_digits) {
  std::string digits = (sum.sign() < 0 ? sum.negated() : sum).to_string();
  const std::size_t point = std::min(digits.size(), digits.find('.'));
  digits.erase(point, 1);
  const auto wanted = point + static_cast<std::size_t>(fraction_digits);
  digits.append(digits.size() < wanted ? wanted - digits.size() + 1 : 1, '0');
  uint64_t rest = 0;
  for (char& digit : digits) {
    rest = rest * 10 + static_cast<uint64_t>(digit - '0');
    digit = static_cast<char>('0' + rest / count);
    rest %= count;
  }
  std::string kept = digits.substr(0, wanted);
  if (rounds_up(kept, std::string_view(digits).substr(wanted), rest != 0)) increment(kept);
  const auto out = base::Decimal::parse((sum.sign() < 0 ? "-" : "") + kept + "e-" + std::to_string(fraction_digits));
  return out.has_value() ? std::optional(*out) : std::nullopt;
}

}  // namespace pipeline
