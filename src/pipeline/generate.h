// Synthetic orders for trying things out and for measuring: from a seed, so that the same call gives the same orders.
#pragma once

#include <cstdint>
#include <string>

namespace pipeline {

struct GenerateOptions {
  uint64_t seed = 1;
  uint64_t large_per_thousand = 20;  // amounts above 50000
  uint64_t bad_per_thousand = 10;    // amounts that are not positive, missing fields, broken JSON
};

struct SyntheticOrder {
  std::string id;
  std::string item;
  uint64_t cents = 0;
  bool is_bad = false;  // it shall be refused
};

// One generator: next() is the JSON text of order 1, 2, ... Not thread-safe.
class OrderGenerator {
 public:
  explicit OrderGenerator(GenerateOptions options) : options_(options), state_(options.seed) {}
  std::string next();
  // Order 1, 2, ... for other records than those of next(), whose orders are others.
  SyntheticOrder next_order();

 private:
  uint64_t draw_cents(uint64_t kind);
  uint64_t draw(uint64_t bound);

  GenerateOptions options_;
  uint64_t state_;
  uint64_t count_ = 0;
};

// 1234 cents as "12.34".
std::string money(uint64_t cents);

}  // namespace pipeline
