#include "aws/http/shown_url.h"

#include <gtest/gtest.h>

namespace aws::http {
namespace {

TEST(ShownUrl, HasNoUserAndNoPassword) {
  for (const auto& [url, shown] : std::initializer_list<std::pair<const char*, const char*>>{
           {"http://127.0.0.1:4566", "http://127.0.0.1:4566"},
           {"https://example.com/a@b", "https://example.com/a@b"},
           {"https://example.com:443/a@b", "https://example.com:443/a@b"},
           {"https://[::1]/a@b", "https://[::1]/a@b"},
           {"aws", "aws"},
           {"", ""},
           {"http://u:pw@127.0.0.1:4790", "http://***@127.0.0.1:4790"},
           {"https://u@h/x", "https://***@h/x"},
           {"https://u:p@w@h/x", "https://***@h/x"},
           {"https://u:p/w@h/x", "https://***@h/x"},
           {"https://u:p?w@h", "https://***@h"},
           {"u:pw@h:1", "***@h:1"},
           {"http:/u:pw@h:1", "***@h:1"}})
    EXPECT_EQ(without_user(url), shown) << url;
}

TEST(ShownUrl, HasTheUserWhereSnsShowsIt) {
  for (const auto& [url, shown] : std::initializer_list<std::pair<const char*, const char*>>{
           {"https://example.com:443/a@b", "https://example.com:443/a@b"},
           {"https://u@h/x", "https://u@h/x"},
           {"https://u:p@w@h:1/x?y=z", "https://u:****@h:1/x?y=z"},
           {"a:b@example.com", "a:b@example.com"},
           {"arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sqs:eu-west-1:123456789012:q"}})
    EXPECT_EQ(with_hidden_password(url), shown) << url;
}

TEST(ShownUrl, SaysWhatIsWrongWithAnEndpoint) {
  const std::string form = "expected http://host:port or https://host:port)";
  EXPECT_EQ(why_no_endpoint("here"), "here (" + form);
  EXPECT_EQ(why_no_endpoint("http://a:b@c"), "http://***@c (a user or a password has no place in it; " + form);
  EXPECT_EQ(why_no_endpoint("http://127.0.0.1:4790/base/"),
            "http://127.0.0.1:4790/base/ (it has a path, which till adds to no request; " + form);
  EXPECT_EQ(why_no_endpoint("ftp://a/b"), "ftp://a/b (" + form);
}

}  // namespace
}  // namespace aws::http
