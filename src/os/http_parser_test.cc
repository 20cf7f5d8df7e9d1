#include "os/http_parser.h"

#include <gtest/gtest.h>

#include <tuple>

#include "os/http_wire.h"

namespace os {
namespace {

constexpr std::string_view kNul("\0", 1);

// Feeds `bytes` in steps of `step` and returns 0 for a complete request, the refusal's status, or -1 for need_more.
int parse(RequestParser& parser, std::string_view bytes, std::size_t step, std::size_t* left = nullptr) {
  parser.reset();
  std::size_t begin = 0;
  bool has_head = false;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    std::size_t consumed = 0;
    Parsed parsed = has_head ? parser.parse_chunked(bytes.substr(begin, end - begin), consumed)
                             : parser.parse_head(bytes.substr(0, end), consumed);
    begin += consumed;
    if (parsed == Parsed::refused) return parser.refusal().status;
    if (parsed == Parsed::complete && !has_head && parser.is_chunked()) {
      has_head = true;
      parsed = Parsed::need_more;
      if (begin < end) {
        parsed = parser.parse_chunked(bytes.substr(begin, end - begin), consumed);
        begin += consumed;
        if (parsed == Parsed::refused) return parser.refusal().status;
      }
    }
    if (parsed == Parsed::complete) {
      if (left != nullptr) *left = bytes.size() - begin;
      return 0;
    }
    if (end == bytes.size()) return -1;
  }
}

TEST(RequestParser, AcceptsAndRefuses) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  struct Case {
    std::string bytes;
    int expected;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"GET / HTTP/1.0\r\n\r\n", 0},
      {head + "Content-Length: 3\r\n\r\n", 0},
      {head + "X: a\tb\xc3\xa9\r\n\r\n", 0},
      {head + "X:\r\n\r\n", 0},
      {head + "Connection: close\r\nContent-Length: 0\r\n\r\n", 0},
      {chunked + "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 0},
      {chunked + "0\r\nX-Trailer: a\r\n\r\n", 0},
      {chunked + "3\r\nab", -1},
      {"GET / HTTP/1.1\r\nHost: a\r\n", -1},
      // Framing that two implementations could read differently.
      {head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
      {head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
      {head + "Content-Length: 3\r\ncontent-length: 4\r\n\r\n", 400},
      {head + "Content-Length: 3, 3\r\n\r\n", 400},
      {head + "Content-Length: +3\r\n\r\n", 400},
      {head + "Content-Length: -1\r\n\r\n", 400},
      {head + "Content-Length: 0x3\r\n\r\n", 400},
      {head + "Content-Length: \r\n\r\n", 400},
      {head + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {head + "Transfer-Encoding: gzip\r\n\r\n", 400},
      {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
      {head + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {head + "Transfer-Encoding: xchunked\r\n\r\n", 400},
      {head + "Transfer-Encoding: \r\n\r\n", 400},
      {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHo st: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a" + std::string(kNul) + "b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", 400},
      {"GET /" + std::string(kNul) + " HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x01\x01\r\n\r\n", 400},
      {chunked + "3\nabc\r\n0\r\n\r\n", 400},
      {chunked + "g\r\nabc\r\n0\r\n\r\n", 400},
      {chunked + "-1\r\nabc\r\n0\r\n\r\n", 400},
      {chunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
      {chunked + "3\r\nabcd\r\n0\r\n\r\n", 400},
      {chunked + "FFFFFFFFFFFFFFFFF\r\nabc\r\n", 400},
      {chunked + "FFFFFFFFFFFFFFFF\r\nabc\r\n", 413},
  };
  RequestParser parser{MessageLimits()};
  for (const Case& c : cases) {
    for (const std::size_t step : {c.bytes.size(), std::size_t{1}}) {
      EXPECT_EQ(parse(parser, c.bytes, step), c.expected) << "step " << step << "\n" << c.bytes;
    }
  }
}

TEST(RequestParser, FillsTheRequestAndLeavesTheRest) {
  RequestParser parser{MessageLimits()};
  std::size_t left = 0;
  const std::string_view bytes =
      "PUT /a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-Two:  v w \r\nTransfer-Encoding: Chunked\r\n\r\n"
      "2\r\nhe\r\n3\r\nllo\r\n0\r\nHost: evil\r\n\r\nGET";
  ASSERT_EQ(parse(parser, bytes, bytes.size(), &left), 0);
  EXPECT_EQ(left, 3U);
  EXPECT_EQ(parser.request().method, "PUT");
  EXPECT_EQ(parser.request().target, "/a%20b?c=d");
  EXPECT_EQ(parser.request().headers.get("x-two"), "v w");
  EXPECT_EQ(parser.request().headers.fields().size(), 3U) << "a trailer is not a header";
  EXPECT_EQ(parser.request().body, "hello");
  EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, LimitsAreExact) {
  MessageLimits limits;
  limits.fields_max = 10;
  limits.body_bytes_max = 1000;
  RequestParser parser(limits);
  const auto with_head_bytes = [](std::size_t size) {
    const std::string start = "GET / HTTP/1.1\r\nX: ";
    return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
  };
  const auto with_target_bytes = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const auto with_fields = [](int count) {
    std::string bytes = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < count; ++i) bytes += "X: y\r\n";
    return bytes + "\r\n";
  };
  const auto with_length = [](int length) {
    return "PUT / HTTP/1.1\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  };
  const auto with_chunks = [](int first) {
    return "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1F4\r\n" + std::string(500, 'x') + "\r\n" +
           (first == 499   ? "1F3"
            : first == 500 ? "1F4"
                           : "1F5") +
           "\r\n" + std::string(first, 'x') + "\r\n0\r\n\r\n";
  };
  struct Case {
    std::string bytes;
    int expected;
  };
  const Case cases[] = {
      {with_head_bytes(32767), 0},    {with_head_bytes(32768), 0},
      {with_head_bytes(32769), 431},  {with_head_bytes(60000), 431},
      {with_target_bytes(8191), 0},   {with_target_bytes(8192), 0},
      {with_target_bytes(8193), 414}, {with_target_bytes(9000), 414},
      {std::string(9000, 'G'), 414},  {with_fields(9), 0},
      {with_fields(10), 0},           {with_fields(11), 431},
      {with_length(999), 0},          {with_length(1000), 0},
      {with_length(1001), 413},       {with_chunks(499), 0},
      {with_chunks(500), 0},          {with_chunks(501), 413},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse(parser, c.bytes, c.bytes.size()), c.expected) << c.bytes.size();
    EXPECT_EQ(parse(parser, c.bytes, 4096), c.expected) << c.bytes.size();
  }
  const std::string endless = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20'000, 'x');
  EXPECT_EQ(parse(parser, endless, 1000), 400);
}

TEST(ResponseParser, ReadsWholeAndByteByByte) {
  using State = ResponseParser::State;
  struct Case {
    std::string bytes;
    State expected;
    std::string body;
    bool to_head = false;
    bool then_closed = false;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const Case cases[] = {
      {ok + "Content-Length: 5\r\n\r\nhello", State::complete, "hello"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", State::complete, "hello"},
      {ok + "Content-Length: 5\r\n\r\n", State::complete, "", true},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", State::complete, "hi"},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::complete, ""},
      {ok + "\r\nto the en", State::complete, "to the en", false, true},
      {ok + "\r\nnot end", State::need_more, ""},
      {ok + "Content-Length: 5\r\n\r\nhel", State::malformed, "", false, true},
      {ok + "Content-Length: 5\r\n\r\nhel", State::need_more, ""},
      {ok + "Content-Length: 11\r\n\r\n", State::too_large, ""},
      {ok + "Transfer-Encoding: chunked\r\n\r\nB\r\nhello", State::too_large, ""},
      {ok + "Transfer-Encoding: gzip\r\n\r\n", State::malformed, ""},
      {ok + "Content-Length: x\r\n\r\n", State::malformed, ""},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", State::malformed, ""},
      {"SSH-2.0-OpenSSH\r\n\r\n", State::malformed, ""},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), State::too_large, ""},
  };
  for (const Case& c : cases) {
    for (const std::size_t step : {c.bytes.size(), std::size_t{1}}) {
      ResponseParser parser(c.to_head, 10);
      State state = State::need_more;
      std::size_t begin = 0;
      for (std::size_t end = 0; state == State::need_more && end < c.bytes.size();) {
        end = std::min(end + step, c.bytes.size());
        std::size_t consumed = 0;
        state = parser.feed(std::string_view(c.bytes).substr(begin, end - begin), consumed);
        begin += consumed;
      }
      if (c.then_closed) state = parser.end_of_input();
      EXPECT_EQ(state, c.expected) << c.bytes.substr(0, 200);
      if (state == State::complete) {
        EXPECT_EQ(parser.take().body, c.body) << c.bytes;
      }
    }
  }
}

TEST(Admit, HostsOriginsTargetsAndExpectations) {
  struct Case {
    std::string target;
    std::vector<aws::http::Headers::Field> fields;
    int expected;  // 0: admitted
    std::string admitted_target = {};
  };
  const Case cases[] = {
      {"/a?b", {{"Host", "127.0.0.1:4566"}}, 0, "/a?b"},
      {"/", {{"host", "LOCALHOST"}}, 0, "/"},
      {"/", {{"Host", "[::1]:80"}}, 0, "/"},
      {"/", {{"Host", "bucket.s3.localhost:1"}}, 0, "/"},
      {"/", {{"Host", "sqs.us-east-1.amazonaws.com"}}, 0, "/"},
      {"/", {{"Host", "evil.example"}}, 403},
      {"/", {{"Host", "localhost.evil.example"}}, 403},
      {"/", {{"Host", "evilamazonaws.com"}}, 403},
      {"/", {{"Host", ".localhost"}}, 403},
      {"/", {{"Host", "localhost:x"}}, 403},
      {"/", {{"Host", "localhost:"}}, 403},
      {"/", {{"Host", "127.0.0.1@evil"}}, 403},
      {"/", {{"Host", "[::2]"}}, 403},
      {"/", {{"Host", ""}}, 403},
      {"/", {}, 400},
      {"/", {{"Host", "localhost"}, {"Host", "localhost"}}, 400},
      {"/", {{"Host", "localhost"}, {"Origin", "http://localhost"}}, 403},
      {"/", {{"Host", "localhost"}, {"Expect", "100-Continue"}}, 0, "/"},
      {"/", {{"Host", "localhost"}, {"Expect", "tea"}}, 417},
      {"http://localhost:1/x?y", {{"Host", "localhost:1"}}, 0, "/x?y"},
      {"HTTP://LocalHost", {{"Host", "localhost"}}, 0, "/"},
      {"http://localhost?y", {{"Host", "localhost"}}, 0, "/?y"},
      {"http://localhost:2/x", {{"Host", "localhost:1"}}, 400},
      {"ftp://localhost/x", {{"Host", "localhost"}}, 400},
      {"localhost:80", {{"Host", "localhost"}}, 400},
      {"*", {{"Host", "localhost"}}, 400},
  };
  for (const Case& c : cases) {
    aws::http::Request request;
    request.target = c.target;
    for (const auto& [name, value] : c.fields) request.headers.add(name, value);
    const auto refusal = admit(request, AllowedHosts());
    EXPECT_EQ(refusal ? refusal->status : 0, c.expected) << c.target << " " << request.headers.get("Host");
    if (!refusal) {
      EXPECT_EQ(request.target, c.admitted_target);
    }
  }
  for (const auto& [host, everywhere, beyond_loopback] : std::initializer_list<std::tuple<std::string, bool, bool>>{
           {"sqs.us-east-1.localhost.localstack.cloud:4566", true, true},
           {"media.s3.localhost.localstack.cloud", true, true},
           {"localhost.localstack.cloud:4566", true, true},
           {"evillocalhost.localstack.cloud", false, false},
           {"172.17.0.2:4566", false, true},
           {"[2001:db8::1]:4566", false, true},
           {"2001:db8::1", false, false},
           {"172.17.0.2.example.com", false, false},
           {"till:4566", false, true},
           {"TILL", false, true},
           {"x.till", false, false},
       }) {
    aws::http::Request request;
    request.target = "/";
    request.headers.add("Host", host);
    EXPECT_EQ(!admit(request, AllowedHosts()), everywhere) << host;
    AllowedHosts more;
    more.any_address = true;
    more.names.emplace_back("till");
    EXPECT_EQ(!admit(request, more), beyond_loopback) << host;
  }
  aws::http::Request request;
  request.target = "/";
  request.headers.add("Host", "anything");
  request.headers.add("Origin", "x");
  EXPECT_FALSE(
      admit(request, {.names = {}, .suffixes = {}, .any_address = false, .any = true, .refuse_origin = false}));
  AllowedHosts open;
  open.open_to_pages = [](const aws::http::Request& head) { return head.path() == "/open"; };
  EXPECT_EQ(admit(request, open)->status, 403);  // the Host is checked all the same
  request.headers.set("Host", "localhost");
  EXPECT_EQ(admit(request, open)->status, 403);
  request.target = "/open?x";
  EXPECT_FALSE(admit(request, open));
}

TEST(ReplyHead, FramesAndCleans) {
  aws::http::Response reply;
  reply.headers.add("X-A", "b\r\nEvil: c");
  reply.headers.add("content-length", "77");
  reply.headers.add("Connection", "upgrade");
  reply.headers.add("Transfer-Encoding", "chunked");
  const auto head = [&](int status, const ReplyFraming& framing) {
    reply.status = status;
    std::string out;
    append_reply_head(out, reply, 5, framing);
    return out;
  };
  EXPECT_EQ(head(200, {}), "HTTP/1.1 200 OK\r\nX-A: b  Evil: c\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(head(200, {.to_head = true}), "HTTP/1.1 200 OK\r\nX-A: b  Evil: c\r\ncontent-length: 77\r\n\r\n");
  EXPECT_EQ(head(204, {}), "HTTP/1.1 204 No Content\r\nX-A: b  Evil: c\r\n\r\n");
  EXPECT_EQ(head(418, {.is_http_1_0 = true, .close = true}),
            "HTTP/1.1 418 Status\r\nX-A: b  Evil: c\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head(404, {.is_http_1_0 = true}),
            "HTTP/1.1 404 Not Found\r\nX-A: b  Evil: c\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(head(200, {.date = "now"}), "HTTP/1.1 200 OK\r\nX-A: b  Evil: c\r\nDate: now\r\nContent-Length: 5\r\n\r\n");
  reply.headers.add("date", "then");
  EXPECT_EQ(head(200, {.date = "now"}),
            "HTTP/1.1 200 OK\r\nX-A: b  Evil: c\r\ndate: then\r\nContent-Length: 5\r\n\r\n");
}

}  // namespace
}  // namespace os
