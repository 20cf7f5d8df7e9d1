// CsvSplitter: the rows of a CSV document (RFC 4180: quotes, line ends in cells, a heading) as JSON objects of texts,
// under the headings of their columns. A row with more cells than headings becomes a JSON array, which is no order.
// Told by which column, rows of one order are one record: the first, with the others' cells that are not empty as the
// array "rows".
#pragma once

#include <deque>
#include <vector>

#include "pipeline/record_splitter.h"

namespace pipeline {

class CsvSplitter final : public RecordSplitter {
 public:
  // `group_by`: rows one after the other with the same text in this column are of one order; empty: each row is one.
  // `id`: a heading without a column for it is none; empty: any is.
  explicit CsvSplitter(char delimiter, std::string group_by = "", FieldSource id = {});
  ~CsvSplitter() override;

  void feed(std::string_view piece) override;
  void finish() override { finished_ = true; }
  std::optional<Order> next() override;
  [[nodiscard]] const std::string& error() const override { return error_; }
  [[nodiscard]] uint64_t count() const override { return count_; }

 private:
  struct Parser;
  void parse_on();
  void end_cell(std::string_view cell);
  void end_row();
  void take_headings();
  void check_columns();
  [[nodiscard]] std::string row_text(bool skips_empty) const;
  void add_row();
  void end_order();
  void fail(std::string why);

  const std::unique_ptr<Parser> parser_;
  std::string piece_;
  std::size_t at_ = 0;         // next unread byte of piece_
  std::size_t row_bytes_ = 0;  // read since a row ended
  uint64_t rows_ = 0;          // ended, with the heading
  bool finished_ = false;
  bool is_over_ = false;
  std::vector<std::string> headings_;  // empty: not read yet
  std::vector<std::string> cells_;     // of the row being read
  const std::string group_by_;
  const FieldSource id_;
  std::size_t group_column_ = 0;
  std::string group_;          // what the rows of the order being read have in that column
  std::optional<Order> open_;  // the order being read, without its end; more rows may be its
  std::size_t open_rows_ = 0;
  std::deque<Order> ready_;
  uint64_t count_ = 0;
  std::string error_;
};

}  // namespace pipeline
