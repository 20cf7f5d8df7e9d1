// Which requests of Smithy's RPC v2 reach an operation (protocols.md 1.2).
#include <gtest/gtest.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/sqs/sqs.h"
#include "server/router.h"

namespace server {
namespace {

constexpr const char* kPath = "/service/GraniteServiceVersion20100801/operation/ListMetrics";

struct Ask {
  std::string target = kPath;
  std::string protocol = "rpc-v2-cbor";
  std::string method = "POST";
  std::string type = "application/cbor";
  std::string amz_target = {};
};

// The operation, or the status and the beginning of the refusal, which is always in CBOR.
std::string route(const Ask& ask) {
  static const Router router({{&aws::sqs::kService, nullptr}, {&aws::cloudwatch::kService, nullptr}});
  aws::http::Request request{ask.method, ask.target, {}, "\xA0"};
  if (!ask.protocol.empty()) request.headers.add("Smithy-Protocol", ask.protocol);
  if (!ask.type.empty()) request.headers.add("Content-Type", ask.type);
  if (!ask.amz_target.empty()) request.headers.add("X-Amz-Target", ask.amz_target);
  const auto found = router.route(request);
  if (found.has_value()) {
    EXPECT_EQ(found->protocol, aws::Protocol::cbor);
    return std::string(found->mount->desc->id) + " " + std::string(found->operation->name);
  }
  EXPECT_EQ(found.error().error.code, "UnknownOperationException");
  EXPECT_EQ(found.error().protocol, aws::Protocol::cbor);
  EXPECT_EQ(found.error().service, &aws::cloudwatch::kService);
  return std::to_string(found.error().error.http_status) + " " + found.error().error.message.substr(0, 30);
}

TEST(RouterCbor, Routes) {
  EXPECT_EQ(route({}), "cloudwatch ListMetrics");
  EXPECT_EQ(route({.target = "/some/prefix" + std::string(kPath)}), "cloudwatch ListMetrics");
  EXPECT_EQ(route({.type = "application/cbor; charset=x"}), "cloudwatch ListMetrics");
  EXPECT_EQ(route({.protocol = "rpc-v2-json"}), "404 The protocol rpc-v2-json is no");
  EXPECT_EQ(route({.amz_target = "AmazonSQS.ListQueues"}), "404 A request of the protocol rpc-");
  EXPECT_EQ(route({.method = "GET"}), "404 A request of the protocol rpc-");
  EXPECT_EQ(route({.type = "application/json"}), "404 A request of the protocol rpc-");
  EXPECT_EQ(route({.target = "/operation/ListMetrics"}), "404 A request of the protocol rpc-");
  EXPECT_EQ(route({.target = "/"}), "404 A request of the protocol rpc-");
  EXPECT_EQ(route({.target = "/service/AmazonSQS/operation/ListQueues"}), "404 No service has the name Amazon");
  EXPECT_EQ(route({.target = "/service/GraniteServiceVersion20100801/operation/None"}),
            "404 The operation None is not impl");
}

}  // namespace
}  // namespace server
