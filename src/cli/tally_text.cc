#include "cli/tally_text.h"

#include <fmt/format.h>

#include "cli/output.h"

namespace cli {
namespace {

std::string quarantined_json(const pipeline::Tally& tally) {
  std::string out = "{";
  for (const auto& [reason, count] : tally.quarantined)
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", json_text(reason), count);
  return out + "}";
}

}  // namespace

uint64_t quarantined(const pipeline::Tally& tally) {
  uint64_t sum = 0;
  for (const auto& [reason, count] : tally.quarantined) sum += count;
  return sum;
}

std::string tally_json(const pipeline::Tally& tally) {
  return fmt::format(
      "\"read\":{},\"accepted\":{},\"updated\":{},\"superseded\":{},\"quarantined\":{},\"discarded\":{},"
      "\"duplicates\":{},\"missing\":{},\"large_orders_notified\":{},"
      "\"large_orders_pending\":{}",
      tally.read, tally.accepted, tally.updated, tally.superseded, quarantined_json(tally), tally.discarded,
      tally.duplicates, tally.missing, tally.large_orders_notified, tally.large_orders_pending);
}

void print_tally(const pipeline::Tally& tally) {
  print_line(fmt::format("read           {}", tally.read));
  print_line(fmt::format("accepted       {}", tally.accepted));
  if (tally.updated != 0) print_line(fmt::format("  of them      {} replaced an older version", tally.updated));
  if (tally.superseded != 0) print_line(fmt::format("superseded     {} by a newer version", tally.superseded));
  print_line(fmt::format("quarantined    {}", quarantined(tally)));
  for (const auto& [reason, count] : tally.quarantined) print_line(fmt::format("  {:<20} {}", reason, count));
  if (tally.discarded != 0) print_line(fmt::format("discarded      {}", tally.discarded));
  print_line(fmt::format("duplicates     {}", tally.duplicates));
  if (tally.missing != 0) print_line(fmt::format("missing        {}", tally.missing));
  const std::string owed = tally.large_orders_pending == 0
                               ? ""
                               : fmt::format(", {} owed still: they follow within minutes", tally.large_orders_pending);
  print_line(fmt::format("large orders   {} notified{}", tally.large_orders_notified, owed));
}

}  // namespace cli
