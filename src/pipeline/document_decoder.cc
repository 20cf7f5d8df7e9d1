#include "pipeline/document_decoder.h"

#include <iconv.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "aws/auth/text.h"

namespace pipeline {
namespace {

constexpr std::size_t kMagicBytes = 4;  // of the longest that is looked for
constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
constexpr std::string_view kUtf16Little = "\xff\xfe";
constexpr std::string_view kUtf16Big = "\xfe\xff";

// What is taken for orders by mistake, by how it begins.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kOthers{
    {{{"\xff\xfe\0\0", 4}, "looks like UTF-32 text; UTF-8 and UTF-16 are read"},
     {{"\0\0\xfe\xff", 4}, "looks like UTF-32 text; UTF-8 and UTF-16 are read"},
     {"\x89PNG", "looks like a picture (PNG)"},
     {"\xff\xd8\xff", "looks like a picture (JPEG)"},
     {"GIF8", "looks like a picture (GIF)"},
     {"RIFF", "looks like a picture or a sound (RIFF)"},
     {{"II*\0", 4}, "looks like a picture (TIFF)"},
     {{"MM\0*", 4}, "looks like a picture (TIFF)"},
     {"PK\x05\x06", "looks like an empty ZIP archive"},
     {"PK\x03\x04", "looks like a ZIP archive or an Excel workbook (.xlsx)"},
     {"\xd0\xcf\x11\xe0", "looks like an old Excel workbook (.xls)"},
     {"%PDF", "looks like a PDF document"},
     {"BZh", "looks like bzip2; gzip and zstd are unpacked"},
     {"\xfd"
      "7zX",
      "looks like xz; gzip and zstd are unpacked"}}};

constexpr std::size_t kTextLooked = 64;

// What text, as it begins, cannot be read as, for people; empty if nothing speaks against it. `begin` has its first
// kTextLooked bytes, or all of it.
std::string_view other_text(std::string_view begin) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (begin.size() >= 4 && begin[1] == '\0' && begin[2] == '\0' && (begin[0] == '\0') != (begin[3] == '\0'))
    return "looks like UTF-32 text; UTF-8 and UTF-16 are read";
  if (begin.size() >= 2 && (begin[0] == '\0') != (begin[1] == '\0'))
    return "looks like UTF-16 text without the byte order mark that would tell so";
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n"), begin.size()));
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (begin.size() < 2 || begin[0] != '<' || (begin[1] != '!' && begin[1] != '?' && !is_letter(begin[1]))) return "";
  const std::string tag = aws::auth::lower_case(begin);
  const bool is_page = tag.starts_with("<!doctype html") || tag.starts_with("<html");
  return is_page ? "looks like a web page (HTML)" : "looks like XML; an ingest function of your own can read that";
}

}  // namespace

// From some bytes to others.
class DocumentDecoder::Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Takes what it can from the front of `in` and puts what comes of it behind `out`, which grows to at most `out_max`
  // bytes. Answers why it cannot go on, or empty.
  virtual std::string run(std::string& in, std::string& out, std::size_t out_max) = 0;
  // Nothing is missing if there is no more input.
  [[nodiscard]] virtual bool may_end() const = 0;
};

class DocumentDecoder::Gzip final : public Stream {
 public:
  Gzip() {
    constexpr int kGzipFormat = 16;
    is_open_ = inflateInit2(&stream_, MAX_WBITS + kGzipFormat) == Z_OK;
  }
  ~Gzip() override { inflateEnd(&stream_); }
  std::string run(std::string& in, std::string& out, std::size_t out_max) override {
    if (!is_open_) return "cannot be unpacked: there is no memory";
    if (has_ended_ && !in.empty()) {
      if (!kGzip.starts_with(in.substr(0, kGzip.size()))) return "has something behind its gzip data";
      inflateReset(&stream_);
      has_ended_ = false;
    }
    const std::size_t before = out.size();
    out.resize(out_max);
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(out_max - before);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    out.resize(out_max - stream_.avail_out);
    in.erase(0, in.size() - stream_.avail_in);
    has_ended_ = status == Z_STREAM_END;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? "" : "has damaged gzip data";
  }
  [[nodiscard]] bool may_end() const override { return has_ended_; }

 private:
  z_stream stream_{};
  bool is_open_ = false;
  bool has_ended_ = false;
};

class DocumentDecoder::Zstd final : public Stream {
 public:
  std::string run(std::string& in, std::string& out, std::size_t out_max) override {
    if (stream_ == nullptr) return "cannot be unpacked: there is no memory";
    if (in.empty() && !has_more_) return "";  // zstd takes many calls without progress for an error
    const std::size_t before = out.size();
    out.resize(out_max);
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out_max, before};
    const std::size_t left = ZSTD_decompressStream(stream_.get(), &to, &from);
    out.resize(to.pos);
    has_ended_ = left == 0;
    has_more_ = to.pos == out_max;
    in.erase(0, from.pos);
    return ZSTD_isError(left) != 0 ? "has damaged zstd data" : "";
  }
  [[nodiscard]] bool may_end() const override { return has_ended_; }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_{ZSTD_createDStream()};
  bool has_ended_ = false;
  bool has_more_ = false;  // output that did not fit
};

class DocumentDecoder::Utf16 final : public Stream {
 public:
  explicit Utf16(const char* encoding) : converter_(iconv_open("UTF-8", encoding)) {}
  ~Utf16() override {
    if (is_open()) iconv_close(converter_);
  }
  std::string run(std::string& in, std::string& out, std::size_t out_max) override {
    if (!is_open()) return "is UTF-16, which this system does not convert";
    const std::size_t before = out.size();
    out.resize(out_max);
    char* from = in.data();
    std::size_t from_left = in.size();
    char* to = out.data() + before;
    std::size_t to_left = out_max - before;
    const bool failed = iconv(converter_, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1);
    const bool is_wrong = failed && errno == EILSEQ;
    out.resize(out_max - to_left);
    in.erase(0, in.size() - from_left);
    has_ended_ = in.empty();
    return is_wrong ? "is no well-formed UTF-16" : "";
  }
  [[nodiscard]] bool may_end() const override { return has_ended_; }

 private:
  [[nodiscard]] bool is_open() const { return converter_ != reinterpret_cast<iconv_t>(-1); }
  const iconv_t converter_;
  bool has_ended_ = true;
};

DocumentDecoder::DocumentDecoder() = default;
DocumentDecoder::~DocumentDecoder() = default;
DocumentDecoder::DocumentDecoder(DocumentDecoder&&) noexcept = default;
DocumentDecoder& DocumentDecoder::operator=(DocumentDecoder&&) noexcept = default;

void DocumentDecoder::feed(std::string_view piece) {
  packed_.append(piece);
}

void DocumentDecoder::finish() {
  is_finished_ = true;
}

// What the document is packed in. False: its first bytes are still to come.
bool DocumentDecoder::know_packing() {
  if (packed_.size() < kMagicBytes && !is_finished_) return false;
  is_packing_known_ = true;
  for (const auto& [magic, what] : kOthers)
    if (packed_.starts_with(magic)) error_ = "the file " + std::string(what);
  if (packed_.starts_with(kGzip)) unpacker_ = std::make_unique<Gzip>();
  if (packed_.starts_with(kZstd)) unpacker_ = std::make_unique<Zstd>();
  return error_.empty();
}

bool DocumentDecoder::know_encoding() {
  const bool is_all = is_finished_ && packed_.empty();
  if (encoded_.size() < kTextLooked && !is_all) return false;
  is_encoding_known_ = true;
  if (encoded_.starts_with(kUtf16Little)) converter_ = std::make_unique<Utf16>("UTF-16LE");
  if (encoded_.starts_with(kUtf16Big)) converter_ = std::make_unique<Utf16>("UTF-16BE");
  if (converter_ != nullptr) encoded_.erase(0, kUtf16Little.size());
  if (converter_ != nullptr) return true;
  const std::string_view other = other_text(std::string_view(encoded_).substr(0, kTextLooked));
  if (!other.empty()) error_ = "the file " + std::string(other);
  return error_.empty();
}

// Through one stage, or past it if there is none. False: it cannot go on.
bool DocumentDecoder::pass(Stream* stage, std::string& in, std::string& out) {
  if (stage == nullptr) {
    out.append(in);
    in.clear();
    return true;
  }
  if (const std::string wrong = stage->run(in, out, kTextBytesMax); !wrong.empty()) error_ = "the file " + wrong;
  return error_.empty();
}

bool DocumentDecoder::next(std::string& text) {
  text.clear();
  while (error_.empty()) {
    if (!is_packing_known_ && !know_packing()) return false;
    const std::size_t before = packed_.size() + encoded_.size();
    if (encoded_.size() < kTextBytesMax && !pass(unpacker_.get(), packed_, encoded_)) return false;
    if (!is_encoding_known_ && !know_encoding() && packed_.size() + encoded_.size() == before) return false;
    if (!error_.empty()) return false;
    if (!is_encoding_known_) continue;
    if (!pass(converter_.get(), encoded_, text)) return false;
    if (!text.empty()) return true;
    if (packed_.size() + encoded_.size() != before) continue;
    const bool is_whole =
        (unpacker_ == nullptr || unpacker_->may_end()) && (converter_ == nullptr || converter_->may_end());
    if (is_finished_ && !is_whole) error_ = "the file is cut off";
    return false;
  }
  return false;
}

}  // namespace pipeline
