// RecordSplitter: cuts the text of a document, read piece by piece, into its records, without holding it. It finds
// where a record ends and leaves judging the record itself to the pipeline. Made for one DocumentFormat; not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/field_path.h"
#include "pipeline/page_finder.h"

namespace pipeline {

// SQS carries messages of up to 1 MiB; some room is left for attributes.
constexpr std::size_t kOrderBytesMax = (1 << 20) - 4096;

struct DocumentFormat {
  enum class Kind : uint8_t { json, csv } kind = Kind::json;
  // Of JSON: where the array of records stands in each object of the document; none: each is a record, unless `marks`
  // tell of the first that its records are in an array.
  std::optional<FieldPath> records = std::nullopt;
  RecordMarks marks = {};     // none: nothing is told by them
  char delimiter = ',';       // of CSV
  std::string group_by = {};  // of CSV: the column that says which rows are one order; empty: each row is one
};

class RecordSplitter {
 public:
  virtual ~RecordSplitter() = default;

  struct Order {
    uint64_t index;    // 0 for the first order of the document
    std::string text;  // JSON, raw, without surrounding white space; cut off at kOrderBytesMax if too long
    bool too_long = false;
  };

  // Takes the next piece of the document. REQUIRES: next() has answered nullopt since the last piece.
  virtual void feed(std::string_view piece) = 0;
  // Says that there are no more pieces.
  virtual void finish() = 0;
  // The next complete order, or nullopt if more input is needed or the document is over (or broken).
  virtual std::optional<Order> next() = 0;

  // Why the document cannot be read on, for people, and where; empty if nothing is wrong. Orders given out before are
  // good.
  [[nodiscard]] virtual const std::string& error() const = 0;
  [[nodiscard]] virtual uint64_t count() const = 0;  // orders given out so far
  // Of JSON objects in which the records were found by their marks: where, as a JSON Pointer; else empty.
  [[nodiscard]] virtual std::string found_records() const { return {}; }
};

std::unique_ptr<RecordSplitter> make_splitter(const DocumentFormat& format);

}  // namespace pipeline
