#include "os/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace os {
namespace {

std::expected<Proxies, std::string> proxies(std::map<std::string, std::string> variables) {
  return Proxies::from([variables = std::move(variables)](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

// "host:port authorization" of the proxy; empty: straight.
std::string reached_by(const Proxies& proxies, const char* url) {
  const Proxy* proxy = proxies.of(*aws::http::parse_endpoint(url));
  if (proxy == nullptr) return "";
  return proxy->endpoint.host + ":" + std::to_string(proxy->endpoint.port) + " " + proxy->authorization;
}

TEST(Proxies, EachSchemeHasItsOwn) {
  const auto found = proxies({{"HTTPS_PROXY", "http://secure.example:3128/"},
                              {"http_proxy", "me:p%40ss@plain.example"},
                              {"HTTP_PROXY", "http://other.example"}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(reached_by(*found, "https://sqs.eu-west-1.amazonaws.com"), "secure.example:3128 ");
  EXPECT_EQ(reached_by(*found, "http://engine.example:4566"), "plain.example:80 Basic bWU6cEBzcw==");
  EXPECT_EQ(reached_by(Proxies(), "https://sqs.eu-west-1.amazonaws.com"), "");
}

TEST(Proxies, SomeHostsAreReachedStraight) {
  const auto found = proxies({{"https_proxy", "http://p:1"},
                              {"http_proxy", "http://p:1"},
                              {"NO_PROXY", "Internal.example, .corp.example,*.star.example,one.example:8443"}});
  ASSERT_TRUE(found.has_value());
  for (const char* url :
       {"http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:1", "http://169.254.169.254",
        "http://[fd00:ec2::254]", "https://internal.example", "https://a.INTERNAL.example", "https://x.corp.example",
        "https://corp.example", "https://x.star.example", "https://one.example:8443"})
    EXPECT_EQ(reached_by(*found, url), "") << url;
  for (const char* url : {"https://notinternal.example", "https://xcorp.example", "https://one.example",
                          "http://128.0.0.1", "https://127.example"})
    EXPECT_EQ(reached_by(*found, url), "p:1 ") << url;
  EXPECT_EQ(reached_by(*proxies({{"https_proxy", "http://p:1"}, {"no_proxy", "*"}}), "https://x.example"), "");
}

TEST(Proxies, WhatCannotBeUsedIsNamedWithoutItsPassword) {
  for (const char* url :
       {"socks5://me:secret@p:1", "https://me:secret@p:1", "http://", "http://p:x", "http://p/path"}) {
    const auto found = proxies({{"https_proxy", url}});
    ASSERT_FALSE(found.has_value()) << url;
    EXPECT_TRUE(found.error().starts_with("HTTPS_PROXY is no proxy"));
    EXPECT_FALSE(found.error().contains("secret"));
  }
}

}  // namespace
}  // namespace os
