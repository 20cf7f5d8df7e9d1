// Splitter: cuts a document of orders, read piece by piece, into the raw text of each order without holding the
// document. It accepts a JSON array and NDJSON (one order per line); it finds where an order ends and leaves judging
// the order itself to the pipeline. Memory is bounded by kOrderBytesMax. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pipeline {

// SQS carries messages of up to 1 MiB; some room is left for attributes.
constexpr std::size_t kOrderBytesMax = (1 << 20) - 4096;

class Splitter {
 public:
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
  enum class State { start, array_first, array_value, array_separator, line, after, broken };
  void begin();
  std::optional<Order> take();
  bool scan_value();
  bool scan_line();
  void append(std::string_view bytes);
  bool skip_space();
  void fail(std::string why);

  State state_ = State::start;
  std::string piece_;
  std::size_t at_ = 0;   // next unread byte of piece_
  uint64_t before_ = 0;  // bytes of the document before piece_
  bool finished_ = false;
  std::string text_;  // of the order being read
  bool too_long_ = false;
  bool in_value_ = false;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  uint64_t count_ = 0;
  std::string error_;
};

}  // namespace pipeline
