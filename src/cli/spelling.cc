#include "cli/spelling.h"

#include <algorithm>
#include <numeric>

namespace cli {
namespace {

constexpr std::size_t kWordBytesMax = 64;  // a longer word is none of ours

std::string plain(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  std::string lower(word.substr(0, kWordBytesMax));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace

std::size_t spelling_distance(std::string_view one, std::string_view other) {
  // Rows of the usual table: of the letters before the last, of the last, of this one.
  std::vector<std::size_t> before(other.size() + 1);
  std::vector<std::size_t> last(other.size() + 1);
  std::vector<std::size_t> now(other.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= one.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t changed = last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, changed});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last.back();
}

std::vector<std::string> nearest_words(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string wanted = plain(word);
  std::size_t least = std::max<std::size_t>(1, wanted.size() / 3);
  std::vector<std::string> nearest;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = spelling_distance(wanted, plain(candidate));
    if (distance > least || distance >= plain(candidate).size()) continue;
    if (distance < least) nearest.clear();
    least = distance;
    nearest.push_back(candidate);
  }
  if (!nearest.empty() || wanted.size() < 2) return nearest;
  std::ranges::copy_if(candidates, std::back_inserter(nearest),
                       [&wanted](const std::string& candidate) { return plain(candidate).starts_with(wanted); });
  return nearest;
}

}  // namespace cli
