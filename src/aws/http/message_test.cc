#include "aws/http/message.h"

#include <gtest/gtest.h>

namespace aws::http {
namespace {

TEST(Headers, NamesCompareWithoutCaseAndKeepTheirSpelling) {
  Headers headers;
  headers.add("X-Amz-Target", "a");
  headers.add("x-amz-target", "b");
  headers.add("Host", "h");
  EXPECT_EQ(headers.get("X-AMZ-TARGET"), "a");
  EXPECT_FALSE(headers.contains("X-Amz-Targe"));
  EXPECT_EQ(headers.get("missing"), "");
  headers.set("x-AMZ-target", "c");
  ASSERT_EQ(headers.fields().size(), 2U);
  EXPECT_EQ(headers.fields()[0], Headers::Field("X-Amz-Target", "c"));
  headers.set("New", "n");
  EXPECT_EQ(headers.get("new"), "n");
  headers.erase("HOST");
  EXPECT_FALSE(headers.contains("host"));
  EXPECT_EQ(headers.fields().size(), 2U);
}

TEST(Headers, OnlyLettersFold) {
  EXPECT_TRUE(equal_ignoring_case("aZ-9", "Az-9"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
}

TEST(Request, SplitsItsTarget) {
  Request request;
  request.target = "/a/b?x=1?y";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "x=1?y");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
}

TEST(Endpoint, Parse) {
  struct Case {
    std::string_view url;
    bool tls;
    std::string_view host;
    int port;  // 0: refused
    std::string_view header;
  };
  const Case cases[] = {
      {"http://127.0.0.1:4566", false, "127.0.0.1", 4566, "127.0.0.1:4566"},
      {"http://localhost", false, "localhost", 80, "localhost"},
      {"http://localhost:80/", false, "localhost", 80, "localhost"},
      {"HTTPS://sqs.us-east-1.amazonaws.com/", true, "sqs.us-east-1.amazonaws.com", 443, "sqs.us-east-1.amazonaws.com"},
      {"https://a:80", true, "a", 80, "a:80"},
      {"http://[::1]:8080", false, "::1", 8080, "[::1]:8080"},
      {"http://[::1]", false, "::1", 80, "[::1]"},
      {"http://a:65535", false, "a", 65535, "a:65535"},
      {"http://a:65536", false, "", 0, ""},
      {"http://a:0", false, "", 0, ""},
      {"http://a:", false, "", 0, ""},
      {"http://a:1x", false, "", 0, ""},
      {"http://a/path", false, "", 0, ""},
      {"http://a?x", false, "", 0, ""},
      {"http://user@a", false, "", 0, ""},
      {"http://", false, "", 0, ""},
      {"http://[::1", false, "", 0, ""},
      {"http://[]:1", false, "", 0, ""},
      {"http://[::1]x", false, "", 0, ""},
      {"http://a b", false, "", 0, ""},
      {"ftp://a", false, "", 0, ""},
      {"a:80", false, "", 0, ""},
      {"", false, "", 0, ""},
  };
  for (const Case& c : cases) {
    const auto endpoint = parse_endpoint(c.url);
    ASSERT_EQ(endpoint.has_value(), c.port != 0) << c.url;
    if (!endpoint) continue;
    EXPECT_EQ(endpoint->tls, c.tls) << c.url;
    EXPECT_EQ(endpoint->host, c.host) << c.url;
    EXPECT_EQ(endpoint->port, c.port) << c.url;
    EXPECT_EQ(host_header(*endpoint), c.header) << c.url;
  }
}

}  // namespace
}  // namespace aws::http
