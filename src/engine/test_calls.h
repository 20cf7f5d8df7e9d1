// What the tests of the engine's services repeat: a caller's context, and calls of one operation that have to succeed
// or to fail. Used by the thread of one test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "aws/context.h"
#include "base/manual/manual_env.h"
#include "base/result.h"

namespace engine {

// A call by root of account 123456789012 in eu-west-1, now.
inline aws::Context root_context(base::ManualEnv& env) {
  aws::Context out;
  out.now = env.clock.now();
  out.account = "123456789012";
  out.region = "eu-west-1";
  out.principal = {aws::Principal::Kind::root, out.account, "arn:aws:iam::123456789012:root", out.account};
  out.endpoint = "http://localhost:4566";
  return out;
}

template <class Service, class Out, class In>
Out call_ok(Service& service, aws::Context context, base::Result<Out> (Service::*operation)(aws::Context&, In), In in) {
  auto out = (service.*operation)(context, std::move(in));
  if (out) return std::move(*out);
  ADD_FAILURE() << out.error().code << ": " << out.error().message;
  return Out();
}

// The code that which protocol shows.
enum class Codes { json, query };

// "Code: message", or "no error".
template <class Service, class Out, class In>
std::string call_error(Codes codes, Service& service, aws::Context context,
                       base::Result<Out> (Service::*operation)(aws::Context&, In), In in) {
  auto out = (service.*operation)(context, std::move(in));
  if (out) return "no error";
  const bool query = codes == Codes::query && !out.error().query_code.empty();
  return (query ? out.error().query_code : out.error().code) + ": " + out.error().message;
}

// A resource policy that lets everybody do everything, whose statement has a name by which a test's `allows` knows it.
inline std::string policy_named(const std::string& sid) {
  return R"({"Version":"2012-10-17","Statement":[{"Sid":")" + sid +
         R"(","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]})";
}

}  // namespace engine
