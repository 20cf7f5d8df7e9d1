// Splitter: cuts a document of orders, read piece by piece, into the raw text of each order without holding the
// document. It accepts a JSON array, one order per line (NDJSON), objects one after the other wherever their lines end
// (also with the record separators of RFC 7464), and pages: objects that hold the orders in an array, if told where. It
// finds where an order ends and leaves judging the order itself to the pipeline. Memory is bounded by kOrderBytesMax.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/field_path.h"
#include "pipeline/json_scan.h"

namespace pipeline {

// SQS carries messages of up to 1 MiB; some room is left for attributes.
constexpr std::size_t kOrderBytesMax = (1 << 20) - 4096;

class Splitter {
 public:
  // `records`: where the array of orders stands in each object of the document. An array that is the document has the
  // orders itself.
  explicit Splitter(std::optional<FieldPath> records = std::nullopt) : records_(std::move(records)) {}

  struct Order {
    uint64_t index;    // 0 for the first order of the document
    std::string text;  // raw, without surrounding white space; cut off at kOrderBytesMax if too long
    bool too_long = false;
  };

  // Takes the next piece of the document. REQUIRES: next() has answered nullopt since the last piece.
  void feed(std::string_view piece);
  // Says that there are no more pieces.
  void finish();
  // The next complete order, or nullopt if more input is needed or the document is over (or broken).
  std::optional<Order> next();

  // Why the document cannot be read on, for people, with the byte offset; empty if nothing is wrong. Orders given out
  // before are good.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] uint64_t count() const { return count_; }  // orders given out so far

 private:
  enum class State : uint8_t {
    start,
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
  Step element();
  Step line();
  Step first_line();
  Step object();
  Step page();
  Step wait_within(std::string_view what);
  Step fail(std::string why);
  Order take();
  void append(std::string_view bytes);
  bool skip_space();
  bool skip_separators();

  const std::optional<FieldPath> records_;
  State state_ = State::start;
  std::string piece_;
  std::size_t at_ = 0;   // next unread byte of piece_
  uint64_t before_ = 0;  // bytes of the document before piece_
  bool finished_ = false;
  std::string text_;  // of the order being read
  bool too_long_ = false;
  std::optional<ValueScan> value_;  // of the order being read
  std::optional<ArrayScan> page_;   // of the page being read
  uint64_t count_ = 0;
  std::string error_;
};

}  // namespace pipeline
