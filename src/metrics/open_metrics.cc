#include "metrics/open_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace metrics {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

void Histogram::observe(base::Duration value) {
  const auto at = std::ranges::lower_bound(kBoundsMicros, value.count());
  buckets_[static_cast<std::size_t>(at - kBoundsMicros.begin())].add();
  sum_micros_.add(static_cast<uint64_t>(std::max<int64_t>(value.count(), 0)));
}

void Writer::family(std::string_view name, Type type, std::string_view help, std::string_view unit) {
  constexpr std::string_view kNames[] = {"counter", "gauge", "histogram"};
  family_ = name;
  type_ = type;
  fmt::format_to(std::back_inserter(out_), "# TYPE {} {}\n", name, kNames[static_cast<std::size_t>(type)]);
  if (!unit.empty()) fmt::format_to(std::back_inserter(out_), "# UNIT {} {}\n", name, unit);
  fmt::format_to(std::back_inserter(out_), "# HELP {} ", name);
  append_escaped(out_, help);
  out_ += '\n';
}

void Writer::line(std::string_view suffix, double value, Labels labels, std::string_view bound) {
  out_.append(family_).append(suffix);
  char separator = '{';
  const auto label = [&](std::string_view name, std::string_view text) {
    out_.append(1, separator).append(name).append("=\"");
    append_escaped(out_, text);
    out_ += '"';
    separator = ',';
  };
  for (const auto& [name, text] : labels) label(name, text);
  if (!bound.empty()) label("le", bound);
  if (separator == ',') out_ += '}';
  fmt::format_to(std::back_inserter(out_), " {}\n", value);
}

void Writer::sample(double value, Labels labels) {
  line(type_ == Type::counter ? "_total" : "", value, labels);
}

// The buckets are read first, so that the sum may be ahead of them but the count is theirs.
void Writer::sample(const Histogram& histogram, Labels labels) {
  uint64_t count = 0;
  for (std::size_t i = 0; i < Histogram::kBoundsMicros.size(); ++i) {
    count += histogram.buckets_[i].value();
    line("_bucket", static_cast<double>(count), labels,
         fmt::format("{}", static_cast<double>(Histogram::kBoundsMicros[i]) / 1e6));
  }
  count += histogram.buckets_.back().value();
  line("_bucket", static_cast<double>(count), labels, "+Inf");
  line("_count", static_cast<double>(count), labels);
  line("_sum", static_cast<double>(histogram.sum_micros_.value()) / 1e6, labels);
}

std::string Writer::finish() && {
  out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace metrics
