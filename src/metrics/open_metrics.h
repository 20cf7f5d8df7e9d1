// OpenMetrics: what a monitoring system reads of a process, as text, and the counters behind it. A Counter or a
// Histogram costs whoever adds to it an atomic addition or two; safe from any thread. A Writer is a value, used by one
// thread. The format: OpenMetrics 1.0.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace metrics {

class Counter {
 public:
  void add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

// Of durations.
class Histogram {
 public:
  static constexpr auto kBoundsMicros = std::to_array<int64_t>(
      {250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000});

  void observe(base::Duration value);

 private:
  friend class Writer;
  std::array<Counter, kBoundsMicros.size() + 1> buckets_;  // the last: longer than all bounds
  Counter sum_micros_;
};

class Writer {
 public:
  enum class Type { counter, gauge, histogram };
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  static constexpr std::string_view kContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

  // Begins a family, whose samples follow. `unit` is the end of the name, or empty; that of a counter is without
  // _total.
  void family(std::string_view name, Type type, std::string_view help, std::string_view unit = {});
  void sample(double value, Labels labels = {});
  void sample(const Counter& counter, Labels labels = {}) { sample(static_cast<double>(counter.value()), labels); }
  void sample(const Histogram& histogram, Labels labels = {});
  // The text with its end.
  [[nodiscard]] std::string finish() &&;

 private:
  void line(std::string_view suffix, double value, Labels labels, std::string_view bound = {});

  std::string out_;
  std::string family_;
  Type type_ = Type::gauge;
};

}  // namespace metrics
