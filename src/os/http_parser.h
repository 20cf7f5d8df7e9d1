// RequestParser and ResponseParser: bytes in, aws::http messages out, with every limit enforced before memory is
// taken. Both stand on Beast's parser, which only http_parser.cc sees, and are stricter than it: what two HTTP
// implementations could read differently (RFC 9112 section 11.2, request smuggling) is refused. No sockets here. Owned
// by one connection, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "aws/http/message.h"

namespace os {

struct MessageLimits {
  std::size_t head_bytes_max = 32 * 1024;  // request line, header fields and the empty line after them
  std::size_t target_bytes_max = 8 * 1024;
  std::size_t fields_max = 100;
  uint64_t body_bytes_max = 70'167'211;
};

// Why a request is answered by the server itself.
struct Refusal {
  int status = 400;
  std::string_view reason;  // static text for the client
};

enum class Parsed { need_more, complete, refused };

class RequestParser {
 public:
  explicit RequestParser(const MessageLimits& limits);
  ~RequestParser();

  // Forgets everything; the next byte begins a new request.
  void reset();

  // `bytes` is all input from the start of the request; until `complete` it must be passed again with more behind it.
  // `complete` sets `consumed` to the size of the head and fills request() but for its body.
  Parsed parse_head(std::string_view bytes, std::size_t& consumed);

  // After the head: how the body arrives. A body without either is empty.
  [[nodiscard]] bool is_chunked() const;
  [[nodiscard]] uint64_t content_length() const;

  // For a chunked body: `consumed` bytes are done with, the rest is to be passed again with more behind it.
  Parsed parse_chunked(std::string_view bytes, std::size_t& consumed);

  // After the head.
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http_1_0() const;
  aws::http::Request& request();
  // After `refused`.
  [[nodiscard]] Refusal refusal() const;

 private:
  class Core;
  Parsed check_lines(std::string_view bytes);
  Parsed refuse(int status, std::string_view reason);

  MessageLimits limits_;
  std::unique_ptr<Core> core_;
  Refusal refusal_;
  std::size_t lead_ = 0;        // an empty line before the request line, which RFC 9112 section 2.2 asks to skip
  std::size_t line_start_ = 0;  // of the first line not yet complete, counted after lead_
  std::size_t lines_ = 0;
  std::size_t head_size_ = 0;
};

class ResponseParser {
 public:
  enum class State { need_more, complete, malformed, too_large };

  // `to_head`: the request was HEAD, so the response has no body whatever its headers say.
  ResponseParser(bool to_head, uint64_t body_bytes_max);
  ~ResponseParser();

  // `consumed` bytes are done with, the rest is to be passed again with more behind it. Skips 1xx responses.
  State feed(std::string_view bytes, std::size_t& consumed);
  // The peer has closed: `complete` if that ends the body, `malformed` otherwise.
  State end_of_input();
  // After `complete`.
  aws::http::Response take();
  [[nodiscard]] bool keep_alive() const;

 private:
  class Core;

  bool to_head_;
  uint64_t body_bytes_max_;
  std::unique_ptr<Core> core_;
};

}  // namespace os
