// DocumentReader: from the bytes of a document, piece by piece, to the raw text of each record: DocumentDecoder and
// RecordSplitter, one behind the other. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/document_decoder.h"
#include "pipeline/record_splitter.h"

namespace pipeline {

class DocumentReader {
 public:
  explicit DocumentReader(const DocumentFormat& format = {}) : splitter_(make_splitter(format)) {}

  // Takes the next piece of the document. REQUIRES: next() has answered nullopt since the last piece.
  void feed(std::string_view piece) { decoder_.feed(piece); }
  // Says that there are no more pieces.
  void finish() {
    decoder_.finish();
    is_finished_ = true;
  }
  // The next complete record, or nullopt if more input is needed or the document is over (or broken).
  std::optional<RecordSplitter::Order> next() {
    while (true) {
      if (auto order = splitter_->next()) return order;
      if (!splitter_->error().empty()) return std::nullopt;
      if (decoder_.next(text_)) {
        splitter_->feed(text_);
        continue;
      }
      if (!is_finished_ || !decoder_.error().empty() || is_told_) return std::nullopt;
      is_told_ = true;
      splitter_->feed({});
      splitter_->finish();
    }
  }

  // Why the document cannot be read on, for people; empty if nothing is wrong. Records given out before are good.
  [[nodiscard]] const std::string& error() const {
    return decoder_.error().empty() ? splitter_->error() : decoder_.error();
  }
  [[nodiscard]] uint64_t count() const { return splitter_->count(); }  // records given out so far
  [[nodiscard]] std::string found_records() const { return splitter_->found_records(); }

 private:
  DocumentDecoder decoder_;
  const std::unique_ptr<RecordSplitter> splitter_;
  std::string text_;
  bool is_finished_ = false;
  bool is_told_ = false;  // the splitter, that there is no more
};

}  // namespace pipeline
