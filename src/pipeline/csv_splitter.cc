#include "pipeline/csv_splitter.h"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"

namespace pipeline {
namespace {

constexpr std::size_t kCellGrowthBytes = 64 << 10;
constexpr std::size_t kSliceBytes = 4096;  // given to the parser at once, so that few rows wait
constexpr std::string_view kFurtherRows = "rows";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_no_text(char c) {
  return c >= 0 && c < ' ' && c != '\t' && c != '\r' && c != '\n';
}

// Bytes that are not UTF-8 stay as they are, so that whoever takes the record sees what it is.
void append_cell(std::string_view cell, std::string& out) {
  if (base::is_utf8(cell)) return aws::codec::write_json_string(cell, out);
  out.push_back('"');
  for (const char c : cell) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20)
      out += fmt::format("\\u{:04x}", byte);
    else
      out.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  }
  out.push_back('"');
}

}  // namespace

struct CsvSplitter::Parser {
  explicit Parser(char delimiter) {
    is_open = csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) == 0;
    if (!is_open) return;
    csv_set_delim(&csv, static_cast<unsigned char>(delimiter));
    csv_set_blk_size(&csv, kCellGrowthBytes);  // 128 else, which makes a large cell quadratic where realloc copies
    csv_set_space_func(&csv, [](unsigned char) { return 0; });  // spaces belong to their cells (RFC 4180)
  }
  ~Parser() {
    if (is_open) csv_free(&csv);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  csv_parser csv{};
  bool is_open = false;
};

CsvSplitter::CsvSplitter(char delimiter, std::string group_by, FieldSource id)
    : parser_(std::make_unique<Parser>(delimiter)), group_by_(std::move(group_by)), id_(std::move(id)) {}
CsvSplitter::~CsvSplitter() = default;

void CsvSplitter::feed(std::string_view piece) {
  piece_.assign(piece);
  at_ = 0;
}

void CsvSplitter::fail(std::string why) {
  error_ = fmt::format("row {} of the file {}", rows_ + 1, why);
}

void CsvSplitter::end_cell(std::string_view cell) {
  cells_.emplace_back(cell);
}

void CsvSplitter::take_headings() {
  std::set<std::string_view> seen;
  for (const std::string& cell : cells_) {
    const auto wrong = std::ranges::find_if(cell, is_no_text);
    if (wrong != cell.end())
      return fail(fmt::format("has the byte 0x{:02X} in a heading, which no text has", static_cast<int>(*wrong)));
    headings_.emplace_back(trimmed(cell));
  }
  if (headings_.front().starts_with(kByteOrderMark)) headings_.front().erase(0, kByteOrderMark.size());
  for (const std::string& heading : headings_)
    if (!heading.empty() && !seen.insert(heading).second) return fail("has two columns called \"" + heading + "\"");
  if (check_columns(); group_by_.empty() || !error_.empty()) return;
  group_column_ = static_cast<std::size_t>(std::ranges::find(headings_, group_by_) - headings_.begin());
  if (group_column_ == headings_.size()) return fail("has no column \"" + group_by_ + "\" to group rows by");
  if (seen.contains(kFurtherRows))
    return fail(fmt::format("has a column \"{}\", as grouped rows are called", kFurtherRows));
}

// A file that is no CSV has a first row, too.
void CsvSplitter::check_columns() {
  const auto is_there = [this](const FieldTemplate::Piece& piece) {
    return !piece.path.has_value() || std::ranges::find(headings_, piece.path->steps().front()) != headings_.end();
  };
  const auto can_be = [&](const FieldTemplate& one) { return std::ranges::all_of(one.pieces(), is_there); };
  if (id_.empty() || std::ranges::any_of(id_, can_be)) return;
  constexpr std::size_t kShown = 200;
  std::string wanted;
  for (const FieldTemplate& one : id_) wanted += (wanted.empty() ? "" : " or ") + one.text();
  std::string columns;
  for (const std::string& heading : headings_) columns += (columns.empty() ? "" : ", ") + heading;
  fail(fmt::format("has no column for the id of an order ({}): {}{}", wanted, columns.substr(0, kShown),
                   columns.size() > kShown ? "..." : ""));
}

// Cells of columns without a heading are left out if they are empty, and have the column's number else.
std::string CsvSplitter::row_text(bool skips_empty) const {
  const bool has_more = cells_.size() > headings_.size() &&
                        std::any_of(cells_.begin() + static_cast<std::ptrdiff_t>(headings_.size()), cells_.end(),
                                    [](const std::string& cell) { return !cell.empty(); });
  std::string out(has_more ? "[" : "{");
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const bool is_named = i < headings_.size() && !headings_[i].empty();
    if ((!is_named || skips_empty) && !has_more && cells_[i].empty()) continue;
    if (out.size() > 1) out.push_back(',');
    if (!has_more) {
      aws::codec::write_json_string(is_named ? headings_[i] : fmt::format("column {}", i + 1), out);
      out.push_back(':');
    }
    append_cell(cells_[i], out);
  }
  return out + (has_more ? "]" : "}");
}

void CsvSplitter::add_row() {
  const std::string_view group =
      !group_by_.empty() && group_column_ < cells_.size() ? cells_[group_column_] : std::string_view();
  const bool goes_on = open_.has_value() && !group.empty() && group == group_ && open_->text.front() == '{';
  if (!goes_on) {
    end_order();
    group_ = group;
    open_ = Order{count_ + ready_.size(), row_text(/*skips_empty=*/false)};
  } else if (open_->text.size() <= kOrderBytesMax) {
    std::string& text = open_->text;
    if (open_rows_ == 0) text.back() = text.size() > 2 ? ',' : '{';
    text.append(open_rows_ == 0 ? fmt::format("\"{}\":[", kFurtherRows) : ",").append(row_text(/*skips_empty=*/true));
    ++open_rows_;
  }
  if (group_.empty()) end_order();
}

void CsvSplitter::end_order() {
  if (!open_.has_value()) return;
  if (open_rows_ > 0) open_->text.append("]}");
  open_->too_long = open_->text.size() > kOrderBytesMax;
  open_->text.resize(std::min(open_->text.size(), kOrderBytesMax));
  ready_.push_back(*std::move(open_));
  open_.reset();
  open_rows_ = 0;
}

void CsvSplitter::end_row() {
  if (!error_.empty()) return;
  row_bytes_ = 0;
  if (headings_.empty())
    take_headings();
  else
    add_row();
  cells_.clear();
  ++rows_;
}

void CsvSplitter::parse_on() {
  const auto cell = [](void* text, std::size_t size, void* self) {
    static_cast<CsvSplitter*>(self)->end_cell({static_cast<const char*>(text), text == nullptr ? 0 : size});
  };
  const auto row = [](int, void* self) { static_cast<CsvSplitter*>(self)->end_row(); };
  const std::size_t size = std::min(kSliceBytes, piece_.size() - at_);
  if (size > 0) {
    row_bytes_ += size;
    const std::size_t taken = csv_parse(&parser_->csv, piece_.data() + at_, size, cell, row, this);
    at_ += size;
    if (!error_.empty()) return;
    if (taken != size)
      fail(csv_error(&parser_->csv) == CSV_EPARSE ? "has a quote inside of a cell" : "cannot be read: no memory");
    else if (row_bytes_ > 2 * kOrderBytesMax)
      fail("is larger than a message, or a quote in it is not closed");
    return;
  }
  is_over_ = true;
  const bool is_whole = csv_fini(&parser_->csv, cell, row, this) == 0;
  if (error_.empty()) end_order();
  if (!is_whole) return fail("has a quote that is not closed");
  if (error_.empty() && headings_.empty()) error_ = "the file is empty";
}

std::optional<RecordSplitter::Order> CsvSplitter::next() {
  if (!parser_->is_open && error_.empty()) fail("cannot be read: no memory");
  while (ready_.empty() && error_.empty() && !is_over_ && (at_ < piece_.size() || finished_)) parse_on();
  if (ready_.empty()) return std::nullopt;
  Order order = std::move(ready_.front());
  ready_.pop_front();
  ++count_;
  return order;
}

}  // namespace pipeline
