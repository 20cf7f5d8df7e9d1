#include "os/http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <optional>

#include "base/check.h"

namespace os {
namespace {

namespace beast = boost::beast;
using ErrorCode = beast::error_code;
using Text = beast::string_view;

// The longest chunk header or trailer section that is waited for. Both are dropped, so nothing needs more.
constexpr std::size_t kChunkHeadBytesMax = 16 * 1024;
// Enough for what an AWS SDK sends, so that the fields are allocated once.
constexpr std::size_t kFieldsExpected = 16;
constexpr std::size_t kBodyReserveBytesMax = 1024 * 1024;
// What is left of an unfinished chunked body is never shorter than this: its end is "0\r\n\r\n". Beast 1.81 asserts
// (basic_parser.ipp, parse_chunk_header) that it is not called with less once it has seen the last chunk's line.
constexpr std::size_t kChunkedRestBytesMin = 5;

std::string to_string(Text text) {
  return {text.data(), text.size()};
}

void append(std::string& body, Text piece) {
  body.append(piece.data(), piece.size());
}

bool contains(std::string_view text, char c) {
  return std::memchr(text.data(), c, text.size()) != nullptr;
}

}  // namespace

// Receives Beast's events for one request. Beast checks grammar and CL against TE; this adds what it lets pass.
class RequestParser::Core final : public beast::http::basic_parser<true> {
 public:
  explicit Core(const MessageLimits& limits) : limits_(limits) {
    eager(true);
    header_limit(static_cast<uint32_t>(limits.head_bytes_max + kChunkHeadBytesMax));
    body_limit(limits.body_bytes_max);
  }

  aws::http::Request request;
  Refusal refusal{400, "Malformed request."};
  bool is_1_0 = false;

 private:
  void refuse(int status, std::string_view reason, ErrorCode& error) {
    refusal = {status, reason};
    error = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb, Text method, Text target, int version, ErrorCode& error) override {
    if (target.size() > limits_.target_bytes_max) return refuse(414, "The request target is too long.", error);
    for (const char c : method) {
      if (c < 'A' || c > 'Z') return refuse(400, "Malformed method.", error);
    }
    is_1_0 = version == 10;
    request.method = to_string(method);
    request.target = to_string(target);
    request.headers.reserve(kFieldsExpected);
  }

  void on_field_impl(beast::http::field field, Text name, Text value, ErrorCode& error) override {
    if (head_done_) return;  // a trailer; RFC 9110 section 6.5.1 lets us drop it, and merging it would be unsafe
    if (field == beast::http::field::content_length) {
      const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (has_length_ || !digits) return refuse(400, "Malformed Content-Length.", error);
      has_length_ = true;
    } else if (field == beast::http::field::transfer_encoding) {
      if (is_1_0 || !aws::http::equal_ignoring_case({value.data(), value.size()}, "chunked")) {
        return refuse(400, "Unsupported Transfer-Encoding.", error);
      }
    }
    request.headers.add(to_string(name), to_string(value));
  }

  void on_header_impl(ErrorCode&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text, ErrorCode&) override { return 0; }  // bodies with a length do not pass through here
  void on_chunk_header_impl(uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(uint64_t, Text piece, ErrorCode&) override {
    append(request.body, piece);
    return piece.size();
  }
  void on_finish_impl(ErrorCode&) override {}
  void on_response_impl(int, Text, int, ErrorCode&) override {}

  const MessageLimits& limits_;
  bool head_done_ = false;
  bool has_length_ = false;
};

RequestParser::RequestParser(const MessageLimits& limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  core_.reset();
  lead_ = line_start_ = lines_ = head_size_ = 0;
}

Parsed RequestParser::refuse(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return Parsed::refused;
}

// Looks at raw lines before Beast does, because Beast joins folded lines and its limit counts differently.
Parsed RequestParser::check_lines(std::string_view bytes) {
  for (;;) {
    const char* const start = bytes.data() + line_start_;
    const void* const newline = std::memchr(start, '\n', bytes.size() - line_start_);
    if (newline == nullptr) break;
    const std::string_view line(start, static_cast<std::size_t>(static_cast<const char*>(newline) - start));
    if (!line.ends_with('\r')) return refuse(400, "A line does not end in CRLF.");
    const std::string_view content = line.substr(0, line.size() - 1);
    if (contains(content, '\r') || contains(content, '\0')) return refuse(400, "Malformed header.");
    line_start_ += line.size() + 1;
    if (content.empty()) {
      if (lines_ == 0) return refuse(400, "Malformed request line.");
      if (line_start_ > limits_.head_bytes_max) return refuse(431, "The header is too large.");
      head_size_ = line_start_;
      return Parsed::complete;
    }
    if (lines_ > 0 && (content[0] == ' ' || content[0] == '\t')) return refuse(400, "Folded header lines.");
    if (++lines_ > limits_.fields_max + 1) return refuse(431, "Too many header fields.");
  }
  // A method and a version take less than 64 bytes beside the target.
  if (lines_ == 0 && bytes.size() > limits_.target_bytes_max + 64) return refuse(414, "The request line is too long.");
  if (bytes.size() >= limits_.head_bytes_max) return refuse(431, "The header is too large.");
  return Parsed::need_more;
}

Parsed RequestParser::parse_head(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (lead_ == 0 && line_start_ == 0 && bytes.starts_with('\r')) {
    if (bytes.size() < 2) return Parsed::need_more;
    if (bytes[1] == '\n') lead_ = 2;
  }
  bytes.remove_prefix(lead_);
  if (const Parsed lines = check_lines(bytes); lines != Parsed::complete) return lines;
  core_ = std::make_unique<Core>(limits_);
  core_->eager(false);  // stop after the head
  ErrorCode error;
  const std::size_t used = core_->put(boost::asio::const_buffer(bytes.data(), head_size_), error);
  if (error == beast::http::error::body_limit) return refuse(413, "The request body is too large.");
  if (error || used != head_size_ || !core_->is_header_done()) {
    refusal_ = core_->refusal;
    return Parsed::refused;
  }
  core_->eager(true);
  consumed = lead_ + head_size_;
  return Parsed::complete;
}

bool RequestParser::is_chunked() const {
  return core_->chunked();
}

uint64_t RequestParser::content_length() const {
  const auto length = core_->content_length();
  return length ? *length : 0;
}

Parsed RequestParser::parse_chunked(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  if (bytes.size() < kChunkedRestBytesMin) return Parsed::need_more;
  ErrorCode error;
  consumed = core_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == beast::http::error::body_limit) return refuse(413, "The request body is too large.");
  if (error && error != beast::http::error::need_more) return refuse(400, "Malformed chunked body.");
  if (core_->is_done()) return Parsed::complete;
  if (bytes.size() - consumed > kChunkHeadBytesMax) return refuse(400, "A chunk header is too long.");
  return Parsed::need_more;
}

bool RequestParser::keep_alive() const {
  return core_->keep_alive();
}
bool RequestParser::is_http_1_0() const {
  return core_->is_1_0;
}
aws::http::Request& RequestParser::request() {
  return core_->request;
}
Refusal RequestParser::refusal() const {
  return refusal_;
}

// Receives Beast's events for one response.
class ResponseParser::Core final : public beast::http::basic_parser<false> {
 public:
  Core(bool to_head, uint64_t body_bytes_max) {
    eager(true);
    header_limit(64 * 1024);
    body_limit(body_bytes_max);
    skip(to_head);
  }

  aws::http::Response response;

 private:
  void on_request_impl(beast::http::verb, Text, Text, int, ErrorCode&) override {}
  void on_response_impl(int status, Text, int, ErrorCode&) override { response.status = status; }
  void on_field_impl(beast::http::field field, Text name, Text value, ErrorCode& error) override {
    if (head_done_) return;
    if (field == beast::http::field::transfer_encoding &&
        !aws::http::equal_ignoring_case({value.data(), value.size()}, "chunked")) {
      error = beast::http::error::bad_transfer_encoding;
      return;
    }
    response.headers.add(to_string(name), to_string(value));
  }
  void on_header_impl(ErrorCode&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode&) override {
    if (length) response.body.reserve(std::min<uint64_t>(*length, kBodyReserveBytesMax));
  }
  std::size_t on_body_impl(Text piece, ErrorCode&) override {
    append(response.body, piece);
    return piece.size();
  }
  void on_chunk_header_impl(uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(uint64_t, Text piece, ErrorCode&) override {
    append(response.body, piece);
    return piece.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  bool head_done_ = false;
};

ResponseParser::ResponseParser(bool to_head, uint64_t body_bytes_max)
    : to_head_(to_head), body_bytes_max_(body_bytes_max), core_(std::make_unique<Core>(to_head, body_bytes_max)) {}
ResponseParser::~ResponseParser() = default;

ResponseParser::State ResponseParser::feed(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (consumed < bytes.size()) {
    ErrorCode error;
    const std::size_t left = bytes.size() - consumed;
    if (core_->is_header_done() && core_->chunked() && left < kChunkedRestBytesMin) break;
    consumed += core_->put(boost::asio::const_buffer(bytes.data() + consumed, left), error);
    if (error == beast::http::error::body_limit || error == beast::http::error::header_limit) return State::too_large;
    if (error && error != beast::http::error::need_more) return State::malformed;
    if (core_->is_done()) {
      const int status = core_->response.status;
      if (status / 100 != 1) return State::complete;
      if (status == 101) return State::malformed;  // we never ask to upgrade
      core_ = std::make_unique<Core>(to_head_, body_bytes_max_);
    } else if (error) {
      return bytes.size() - consumed > 64 * 1024 + kChunkHeadBytesMax ? State::malformed : State::need_more;
    }
  }
  return State::need_more;
}

ResponseParser::State ResponseParser::end_of_input() {
  if (!core_->got_some()) return State::malformed;
  ErrorCode error;
  core_->put_eof(error);
  return error ? State::malformed : State::complete;
}

aws::http::Response ResponseParser::take() {
  return std::move(core_->response);
}
bool ResponseParser::keep_alive() const {
  return core_->keep_alive();
}

}  // namespace os
