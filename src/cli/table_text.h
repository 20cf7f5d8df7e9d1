// Table: rows of cells for people, under headings, in columns that stand one below the other. What cells hold came from
// strangers: it cannot move the cursor or end the line. Used from one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// `text` without control characters, cut to `columns` of it.
std::string cell_text(std::string_view text, std::size_t columns);

// On stderr, of a list that --limit has cut off: there are more than `which` ("these", "the first") so many.
void tell_of_more(std::size_t shown, std::string_view which);

class Table {
 public:
  struct Column {
    std::string heading;
    bool to_the_right = false;
    std::size_t columns_max = 40;
  };
  // `if_empty` is what is printed if there is no row.
  Table(std::vector<Column> columns, std::string if_empty);
  ~Table();  // prints what is left
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Nothing is printed from now on: there is no list to show.
  void silence() { is_silent_ = true; }
  // Prints on stdout. The first rows are held back until the widths are known from them, so memory is bounded.
  void add(std::vector<std::string> cells);

 private:
  void flush();
  void print(const std::vector<std::string>& cells) const;

  const std::vector<Column> columns_;
  const std::string if_empty_;
  bool is_silent_ = false;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> held_;
  bool has_begun_ = false;
};

}  // namespace cli
