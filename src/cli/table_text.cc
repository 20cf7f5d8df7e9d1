#include "cli/table_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"

namespace cli {
namespace {

constexpr std::size_t kRowsHeld = 1000;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// As terminals show it, roughly: a column for each character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

}  // namespace

std::string cell_text(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_continuation(text[i]) && width++ == columns) {
      while (!out.empty() && is_continuation(out.back())) out.pop_back();
      if (!out.empty()) out.pop_back();
      return out + "…";
    }
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters, too.
    const bool is_c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    out.push_back(c < 0x20 || c == 0x7f || is_c1 ? ' ' : text[i]);
  }
  return out;
}

void tell_of_more(std::size_t shown, std::string_view which) {
  print_error(fmt::format("there are more than {} {}; --limit shows more", which, shown));
}

Table::Table(std::vector<Column> columns, std::string if_empty)
    : columns_(std::move(columns)), if_empty_(std::move(if_empty)) {
  for (const Column& column : columns_) widths_.push_back(width_of(column.heading));
}

Table::~Table() {
  if (is_silent_) return;
  if (held_.empty() && !has_begun_) print_line(if_empty_);
  flush();
}

void Table::add(std::vector<std::string> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = cell_text(cells[i], columns_[i].columns_max);
  if (has_begun_) return print(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], width_of(cells[i]));
  held_.push_back(std::move(cells));
  if (held_.size() == kRowsHeld) flush();
}

void Table::flush() {
  if (held_.empty()) return;
  has_begun_ = true;
  std::vector<std::string> headings;
  for (const Column& column : columns_) headings.push_back(column.heading);
  print(headings);
  for (const auto& cells : held_) print(cells);
  held_.clear();
}

void Table::print(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string gap(widths_[i] - std::min(widths_[i], width_of(cells[i])), ' ');
    line += (i == 0 ? "" : "  ") + (columns_[i].to_the_right ? gap + cells[i] : cells[i] + gap);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  print_line(line);
}

}  // namespace cli
