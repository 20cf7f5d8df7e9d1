#include "pipeline/generate.h"

#include <array>
#include <string_view>

namespace pipeline {
namespace {

constexpr std::array<std::string_view, 12> kItems = {"keyboard", "monitor", "desk lamp",  "notebook",
                                                     "backpack", "kettle",  "headphones", "chair",
                                                     "camera",   "bicycle", "tent",       "espresso machine"};

}  // namespace

std::string money(uint64_t cents) {
  std::string out = std::to_string(cents / 100);
  const uint64_t rest = cents % 100;
  if (rest != 0) out.append(rest < 10 ? ".0" : ".").append(std::to_string(rest));
  return out;
}

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
uint64_t OrderGenerator::draw(uint64_t bound) {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >> 31)) % bound;
}

uint64_t OrderGenerator::draw_cents(uint64_t kind) {
  const bool large = kind < options_.bad_per_thousand + options_.large_per_thousand;
  return large ? 5'000'001 + draw(5'000'000) : 1 + draw(5'000'000);
}

SyntheticOrder OrderGenerator::next_order() {
  SyntheticOrder order;
  order.id = "g" + std::to_string(options_.seed) + "-" + std::to_string(++count_);
  order.item = kItems[draw(kItems.size())];
  const uint64_t kind = draw(1000);
  order.is_bad = kind < options_.bad_per_thousand;
  order.cents = draw_cents(kind);
  return order;
}

std::string OrderGenerator::next() {
  const std::string id = "g" + std::to_string(options_.seed) + "-" + std::to_string(++count_);
  const std::string item(kItems[draw(kItems.size())]);
  const uint64_t kind = draw(1000);
  const std::string head = "{\"transaction_id\":\"" + id + "\",";
  if (kind < options_.bad_per_thousand) {
    switch (draw(4)) {
      case 0:
        return head + "\"amount\":0,\"item\":\"" + item + "\"}";
      case 1:
        return head + "\"amount\":-" + money(1 + draw(100'000)) + ",\"item\":\"" + item + "\"}";
      case 2:
        return head + "\"amount\":" + money(1 + draw(100'000)) + "}";
      default:
        return head + "\"amount\":1.2.3,\"item\":\"" + item + "\"}";
    }
  }
  return head + "\"amount\":" + money(draw_cents(kind)) + ",\"item\":\"" + item + "\"}";
}

}  // namespace pipeline
