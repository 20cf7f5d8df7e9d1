// DocumentDecoder: the UTF-8 text of a document, piece by piece, whatever it came in: plain, gzip (any number of
// members) or zstd, and inside of those UTF-8 or, by its byte order mark, UTF-16. What is none of these it names where
// it knows it. Memory is bounded, whatever a piece inflates to. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pipeline {

class DocumentDecoder {
 public:
  static constexpr std::size_t kTextBytesMax = 256 << 10;

  DocumentDecoder();
  ~DocumentDecoder();
  DocumentDecoder(DocumentDecoder&&) noexcept;
  DocumentDecoder& operator=(DocumentDecoder&&) noexcept;

  // Takes the next piece of the document. REQUIRES: next() has answered false since the last piece.
  void feed(std::string_view piece);
  // Says that there are no more pieces.
  void finish();
  // Puts the next piece of text into `text`: of packed or UTF-16 documents at most kTextBytesMax, else as much as was
  // fed. False: more input is needed, or the document is over or cannot be read on.
  bool next(std::string& text);
  // Why it cannot be read on, for people; empty if nothing is wrong.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  class Stream;
  class Gzip;
  class Zstd;
  class Utf16;
  bool know_packing();
  bool know_encoding();
  bool pass(Stream* stage, std::string& in, std::string& out);

  std::string packed_;   // not yet unpacked
  std::string encoded_;  // unpacked, not yet text
  bool is_finished_ = false;
  bool is_packing_known_ = false;
  bool is_encoding_known_ = false;
  std::unique_ptr<Stream> unpacker_;   // null: it is not packed
  std::unique_ptr<Stream> converter_;  // null: it is UTF-8
  std::string error_;
};

}  // namespace pipeline
