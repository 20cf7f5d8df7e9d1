// What became of an upload's orders, in words and in JSON. Pure but for print_tally.
#pragma once

#include <cstdint>
#include <string>

#include "pipeline/accounting.h"

namespace cli {

uint64_t quarantined(const pipeline::Tally& tally);
// The members "read" to "large_orders_pending", without braces.
std::string tally_json(const pipeline::Tally& tally);
// The same as lines on stdout.
void print_tally(const pipeline::Tally& tally);

}  // namespace cli
