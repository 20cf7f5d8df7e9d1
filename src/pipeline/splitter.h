// Splitter: the orders of a JSON document. It accepts a JSON array, one order per line (NDJSON), objects one after the
// other wherever their lines end (also with the record separators of RFC 7464), and pages: objects that hold the orders
// in an array, if told where. It finds where an order ends and leaves judging the order itself to the pipeline. Memory
// is bounded by kOrderBytesMax. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/json_scan.h"
#include "pipeline/record_splitter.h"

namespace pipeline {

class Splitter final : public RecordSplitter {
 public:
  // `records`: where the array of orders stands in each object of the document. An array that is the document has the
  // orders itself. Without it, `marks` may tell it of the first object; all others have to be like it then.
  explicit Splitter(std::optional<FieldPath> records = std::nullopt, RecordMarks marks = {})
      : records_(std::move(records)), marks_(std::move(marks)) {}

  void feed(std::string_view piece) override;
  void finish() override;
  std::optional<Order> next() override;
  [[nodiscard]] const std::string& error() const override { return error_; }  // with the byte offset
  [[nodiscard]] uint64_t count() const override { return count_; }
  [[nodiscard]] std::string found_records() const override { return is_found_ ? records_->pointer() : ""; }

 private:
  enum class State : uint8_t {
    start,
    first_object,   // which is kept until it shows what the document is
    first_element,  // of an array, or its end
    element,
    behind_element,
    line,    // one order per line
    object,  // orders that end with their bracket
    page,    // in an object that has the orders somewhere, or between two
    after,
    broken,
  };
  // What a step came to: an order is complete, another step can be made, more input is needed.
  enum class Step : uint8_t { order, on, wait };
  Step step();
  Step begin();
  Step first_object();
  Step element();
  Step line();
  Step first_line();
  Step object();
  Step page();
  Step wait_within(std::string_view what);
  Step end_page();
  Step fail(std::string why);
  void read_again(State as);
  Order take();
  void append(std::string_view bytes);
  bool skip_space();
  bool skip_separators();

  std::optional<FieldPath> records_;
  const RecordMarks marks_;
  bool is_found_ = false;        // records_, by the marks
  bool has_separators_ = false;  // the document begins with one
  State state_ = State::start;
  std::string piece_;
  std::size_t at_ = 0;   // next unread byte of piece_
  uint64_t before_ = 0;  // bytes of the document before piece_
  bool finished_ = false;
  std::string text_;  // of the order being read
  bool too_long_ = false;
  std::optional<ValueScan> value_;  // of the order being read
  std::optional<ArrayScan> page_;   // of the page being read
  std::string behind_;              // of a page that was found: what follows its records
  uint64_t count_ = 0;
  std::string error_;
};

}  // namespace pipeline
