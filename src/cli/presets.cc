#include "cli/presets.h"

#include <algorithm>
#include <array>

#include "cli/embed.h"

// PRESETS is the directory of the files, given by CMake.
EMBED(till_preset_original, PRESETS "/original.toml")
EMBED(till_preset_shopify, PRESETS "/shopify.toml")
EMBED(till_preset_woocommerce, PRESETS "/woocommerce.toml")
EMBED(till_preset_stripe, PRESETS "/stripe.toml")
EMBED(till_preset_amazon, PRESETS "/amazon.toml")
EMBED(till_preset_csv, PRESETS "/csv.toml")

namespace cli {
namespace {

struct Preset {
  std::string_view name;
  const char* begin;
  const char* end;
};
const std::array<Preset, 6> kPresets = {{
    {"original", till_preset_original_begin, till_preset_original_end},
    {"shopify", till_preset_shopify_begin, till_preset_shopify_end},
    {"woocommerce", till_preset_woocommerce_begin, till_preset_woocommerce_end},
    {"stripe", till_preset_stripe_begin, till_preset_stripe_end},
    {"amazon", till_preset_amazon_begin, till_preset_amazon_end},
    {"csv", till_preset_csv_begin, till_preset_csv_end},
}};

}  // namespace

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> out;
  for (const Preset& one : kPresets) out.push_back(one.name);
  return out;
}

std::optional<std::string_view> preset(std::string_view name) {
  const auto found = std::ranges::find(kPresets, name, &Preset::name);
  if (found == kPresets.end()) return std::nullopt;
  return std::string_view(found->begin, found->end);
}

}  // namespace cli
