// What comes through function URLs: who gets in, the event, the response.
#include "engine/lambda/url_door.h"

#include <future>

#include "aws/auth/sigv4.h"
#include "aws/auth/verify.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

using aws::http::Headers;
using aws::http::Request;
using aws::http::Response;

constexpr const char* kAccount = "123456789012";

struct OneKey final : aws::auth::CredentialSource {
  std::optional<aws::auth::Credential> find(std::string_view id) override {
    if (id != "AKID") return std::nullopt;
    return aws::auth::Credential{
        "AKID", "secret", "", std::nullopt, {aws::Principal::Kind::role, account, "arn:role", "AROA:s"}};
  }
  std::string account = kAccount;
};

// Notes what it is asked for.
struct Judge final : aws::auth::Authorizer {
  bool allows(const aws::Context&, std::string_view action, std::span<const std::string> resources,
              std::span<const aws::auth::ConditionValue> more) override {
    asked += std::string(action) + " " + resources.front() + " " + more.front().value + "\n";
    return action != forbidden;
  }
  std::string asked;
  std::string forbidden;
};

class UrlDoorTest : public ::testing::Test {
 protected:
  UrlDoorTest() {
    bed.create("f");
    door.emplace(
        *bed.lambda, judge, bed.env.env,
        UrlServer{.verifier = &verifier, .work = [](auto work) { work(); }, .when_durable = [](auto go) { go(); }});
  }

  std::string make_url(const std::string& auth_type = "NONE", std::optional<Cors> cors = {}) {
    CreateFunctionUrlConfigRequest in;
    in.function_name = "f";
    in.auth_type = auth_type;
    in.cors = std::move(cors);
    const std::string url = *bed.ok(&LambdaService::create_function_url_config, std::move(in)).function_url;
    path = url.substr(url.find("/_till"));
    path.pop_back();
    return path;
  }
  void allow(const std::string& action, const std::string& auth_type, const std::string& principal = "*") {
    AddPermissionRequest in;
    in.function_name = "f";
    in.statement_id = base::make_uuid(bed.env.random);
    in.action = action;
    in.principal = principal;
    if (action == "lambda:InvokeFunctionUrl") in.function_url_auth_type = auth_type;
    if (action == "lambda:InvokeFunction") in.invoked_via_function_url = true;
    bed.ok(&LambdaService::add_permission, std::move(in));
  }
  void allow_all() {
    allow("lambda:InvokeFunctionUrl", "NONE");
    allow("lambda:InvokeFunction", "NONE");
  }
  Request request(std::string method = "GET", const std::string& rest = "/", std::string body = "") {
    Request out{std::move(method), path + rest, {}, std::move(body)};
    out.headers.add("Host", "127.0.0.1:4566");
    out.peer = "127.0.0.9";
    return out;
  }
  void sign(Request& request, const std::string& region = "eu-west-1") {
    aws::auth::sign(request, {{"AKID", "secret", ""}, region, "lambda", bed.env.clock.now()});
  }
  Response send(Request request) {
    // The instance's start is another thread's.
    const auto answer = std::make_shared<std::optional<Response>>();
    const auto mutex = std::make_shared<std::mutex>();
    door->handle(std::move(request), [answer, mutex](Response response) {
      const std::lock_guard lock(*mutex);
      *answer = std::move(response);
    });
    EXPECT_TRUE(TestBed::eventually([&] {
      const std::lock_guard lock(*mutex);
      return answer->has_value();
    }));
    return answer->value_or(Response());
  }
  // The event that the function gets.
  std::string event_of(Request request) {
    std::string seen;
    bed.set_body([&](const auto&, const auto& invocation) {
      seen = invocation.payload;
      return answer("1");
    });
    send(std::move(request));
    return seen;
  }
  Response answering(const std::string& payload) {
    bed.set_body([payload](const auto&, const auto&) { return answer(payload); });
    return send(request());
  }

  OneKey keys;
  aws::auth::Verifier verifier{keys};
  Judge judge;
  std::optional<UrlDoor> door;  // outlives the invocations, which end with the bed
  TestBed bed;
  std::string path;
};

TEST_F(UrlDoorTest, TheEventIsFormat2) {
  make_url();
  allow_all();
  Request asked = request("POST", "/a%20b/c?x=1&y=%C3%A9+z&x=2&flag", "{\"n\":1}");
  asked.headers.add("Content-Type", "application/json; charset=utf-8");
  asked.headers.add("X-Many", "1");
  asked.headers.add("x-many", "2");
  asked.headers.add("Cookie", "a=1; b=2");
  asked.headers.add("Connection", "keep-alive, X-Hop");
  asked.headers.add("X-Hop", "1");
  asked.headers.add("X-Forwarded-For", "10.0.0.1");
  asked.headers.add("User-Agent", "test");
  const std::string event = event_of(std::move(asked));
  const std::string id = path.substr(path.rfind('/') + 1);
  const std::string before =
      R"({"version":"2.0","routeKey":"$default","rawPath":"/a%20b/c","rawQueryString":"x=1&y=%C3%A9+z&x=2&flag",)"
      R"("cookies":["a=1","b=2"],"headers":{"host":"127.0.0.1:4566","content-type":"application/json; charset=utf-8",)"
      R"("x-many":"1,2","x-forwarded-for":"10.0.0.1,127.0.0.9","user-agent":"test","x-forwarded-proto":"http",)"
      R"("x-forwarded-port":"4566"},"queryStringParameters":{"x":"1,2","y":"é z","flag":""},)"
      R"("requestContext":{"accountId":"anonymous","apiId":")" +
      id + R"(","domainName":")" + id + R"(.lambda-url.eu-west-1.localhost","domainPrefix":")" + id +
      R"(","http":{"method":"POST","path":"/a%20b/c","protocol":"HTTP/1.1","sourceIp":"127.0.0.9","userAgent":"test"},)"
      R"("requestId":")";
  EXPECT_EQ(event.substr(0, before.size()), before);
  EXPECT_TRUE(event.ends_with(R"("body":"{\"n\":1}","isBase64Encoded":false})")) << event;
  EXPECT_NE(event.find(R"( +0000","timeEpoch":)"), std::string::npos) << event;
}

TEST_F(UrlDoorTest, BodiesAreTextOrBase64) {
  make_url();
  allow_all();
  struct Case {
    std::string type, body, end;
  };
  for (const Case& c : {Case{"text/csv", "a,b", R"("body":"a,b","isBase64Encoded":false})"},
                        Case{"application/cloudevents+json", "{}", R"("body":"{}","isBase64Encoded":false})"},
                        Case{"application/x-www-form-urlencoded", "a=b", R"("body":"YT1i","isBase64Encoded":true})"},
                        Case{"", "ab", R"("body":"YWI=","isBase64Encoded":true})"},
                        Case{"text/plain", "\xff", R"("body":"/w==","isBase64Encoded":true})"},
                        Case{"text/plain", "", R"(},"isBase64Encoded":false})"}}) {
    Request asked = request("PUT", "", c.body);
    if (!c.type.empty()) asked.headers.add("Content-Type", c.type);
    const std::string event = event_of(std::move(asked));
    EXPECT_TRUE(event.ends_with(c.end)) << event;
    EXPECT_NE(event.find(R"("rawPath":"/",)"), std::string::npos) << event;
  }
}

TEST_F(UrlDoorTest, IsAlsoReachedByItsHost) {
  const std::string id = make_url().substr(std::string("/_till/url/").size());
  allow_all();
  const auto at = [&](const std::string& host) {
    Request asked = request("GET", "");
    asked.target = "/x?q";
    asked.headers.set("Host", host);
    return asked;
  };
  const std::string host = id + ".lambda-url.eu-west-1.localhost";
  const std::string event = event_of(at(host + ":4566"));
  EXPECT_NE(event.find(R"("rawPath":"/x","rawQueryString":"q")"), std::string::npos) << event;
  EXPECT_NE(event.find(R"("domainName":")" + host + "\""), std::string::npos) << event;
  EXPECT_EQ(send(at(id + ".lambda-url.us-east-1.localhost")).status, 404);
  for (const std::string other : {"127.0.0.1:4566", "bucket.s3.localhost", "x.lambda-url.eu-west-1.localhost", ""})
    EXPECT_FALSE(UrlDoor::takes(at(other))) << other;
  path = "/_till/url/" + std::string(kUrlIdLength, 'a');
  const Response none = send(request());
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.headers.get("x-amzn-ErrorType"), "ResourceNotFoundException");
}

TEST_F(UrlDoorTest, NobodyGetsInUnlessThePolicySaysSoTwice) {
  make_url();
  const auto status = [&] { return answering("1").status; };
  EXPECT_EQ(status(), 403);
  allow("lambda:InvokeFunctionUrl", "AWS_IAM");
  allow("lambda:InvokeFunction", "");
  EXPECT_EQ(status(), 403) << "it is for signed requests";
  allow("lambda:InvokeFunctionUrl", "NONE");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(bed.host.started(), 1) << "the function has seen nothing of the others";
  EXPECT_EQ(judge.asked, "");
  EXPECT_EQ(bed.sum("UrlRequestCount FunctionName=f"), 3);
  EXPECT_EQ(bed.sum("Url4xxCount FunctionName=f"), 2);
  EXPECT_EQ(bed.sum("Invocations FunctionName=f"), 1);
}

TEST_F(UrlDoorTest, SignaturesAreVerified) {
  make_url("AWS_IAM");
  bed.set_body([](const auto&, const auto& invocation) { return answer(invocation.payload); });
  const Response unsigned_answer = send(request());
  EXPECT_EQ(unsigned_answer.status, 403);
  EXPECT_TRUE(unsigned_answer.body.starts_with(R"({"Message":"Forbidden.)"));
  EXPECT_EQ(unsigned_answer.headers.get("x-amzn-ErrorType"), "AccessDeniedException");
  Request forged = request("POST", "/", "a");
  sign(forged);
  forged.body = "b";
  const Response forged_answer = send(std::move(forged));
  EXPECT_EQ(forged_answer.status, 403);
  EXPECT_EQ(forged_answer.headers.get("x-amzn-ErrorType"), "InvalidSignatureException");
  Request elsewhere = request();
  sign(elsewhere, "us-east-1");
  EXPECT_EQ(send(std::move(elsewhere)).status, 403);
  EXPECT_EQ(bed.host.started(), 0);

  Request right = request("POST", "/x y", "a");
  right.target = path + "/x%20y?b=2&a=1";
  sign(right);
  const Response ok = send(std::move(right));
  EXPECT_EQ(ok.status, 200);
  EXPECT_NE(ok.body.find(R"("authorizer":{"iam":{"accessKey":"AKID","accountId":"123456789012","callerId":"AROA:s",)"
                         R"("cognitoIdentity":null,"principalOrgId":null,"userArn":"arn:role","userId":"AROA:s"}})"),
            std::string::npos)
      << ok.body;
  EXPECT_EQ(ok.body.find("\"authorization\""), std::string::npos);
  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:f AWS_IAM\n";
  EXPECT_EQ(judge.asked, "lambda:InvokeFunctionUrl " + arn + "lambda:InvokeFunction " + arn);
}

TEST_F(UrlDoorTest, SignersMustBeAllowed) {
  make_url("AWS_IAM");
  const auto status = [&] {
    Request asked = request();
    sign(asked);
    bed.set_body([](const auto&, const auto&) { return answer("1"); });
    return send(std::move(asked)).status;
  };
  EXPECT_EQ(status(), 200);
  judge.forbidden = "lambda:InvokeFunction";
  EXPECT_EQ(status(), 403);
  judge.forbidden = "";
  keys.account = "210987654321";
  EXPECT_EQ(status(), 403) << "the function's policy does not name that account";
  allow("lambda:InvokeFunctionUrl", "AWS_IAM", keys.account);
  allow("lambda:InvokeFunction", "", keys.account);
  EXPECT_EQ(status(), 200);
}

TEST_F(UrlDoorTest, AnswersAreStructuredOrInferred) {
  make_url();
  allow_all();
  const Response full = answering(
      R"({"statusCode":201,"headers":{"Content-Type":"image/png","X-N":7,"Content-Length":"9"},)"
      R"("cookies":["a=1; Secure","b=2"],"body":"iVBORw==","isBase64Encoded":true,"huge":123456789012345678901234})");
  EXPECT_EQ(full.status, 201);
  EXPECT_EQ(full.body, "\x89PNG");
  EXPECT_EQ(full.headers.get("content-type"), "image/png");
  EXPECT_EQ(full.headers.get("X-N"), "7");
  EXPECT_FALSE(full.headers.contains("Content-Length"));
  EXPECT_EQ(full.headers.get("x-amzn-RequestId").size(), 36);
  std::string cookies;
  for (const auto& [name, value] : full.headers.fields())
    if (name == "Set-Cookie") cookies += value + "|";
  EXPECT_EQ(cookies, "a=1; Secure|b=2|");
  struct Case {
    std::string payload;
    int status;
    std::string body;
  };
  for (const Case& c :
       {Case{R"({"statusCode":"204"})", 204, ""}, Case{R"({"statusCode":200,"body":null,"headers":null})", 200, ""},
        Case{R"({"body":{"a":[1, 2]},"statusCode":200})", 200, R"({"a":[1, 2]})"},
        Case{R"({"a":123456789012345678901234})", 200, R"({"a":123456789012345678901234})"},
        Case{R"({"body":"x"})", 200, R"({"body":"x"})"}, Case{R"("h\u00e9")", 200, "hé"}, Case{"[1,2]", 200, "[1,2]"},
        Case{"null", 200, "null"}, Case{R"({"statusCode":99})", 502, "Internal Server Error"},
        Case{R"({"statusCode":"x"})", 502, "Internal Server Error"},
        Case{R"({"statusCode":200,"headers":[1]})", 502, "Internal Server Error"},
        Case{R"({"statusCode":200,"cookies":"a"})", 502, "Internal Server Error"},
        Case{R"({"statusCode":200,"body":"?","isBase64Encoded":true})", 502, "Internal Server Error"},
        Case{"not json", 502, "Internal Server Error"}}) {
    const Response response = answering(c.payload);
    EXPECT_EQ(response.status, c.status) << c.payload;
    EXPECT_EQ(response.body, c.body) << c.payload;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json") << c.payload;
  }
}

TEST_F(UrlDoorTest, FailuresHaveAwsStatuses) {
  make_url();
  allow_all();
  bed.set_body([](const auto&, const auto&) { return failure(); });
  EXPECT_EQ(send(request()).status, 502);
  EXPECT_EQ(bed.sum("Url5xxCount FunctionName=f"), 1);
  PutFunctionConcurrencyRequest none;
  none.function_name = "f";
  none.reserved_concurrent_executions = 0;
  bed.ok(&LambdaService::put_function_concurrency, none);
  const Response throttled = send(request());
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(throttled.headers.get("x-amzn-ErrorType"), "TooManyRequestsException");
  EXPECT_NE(throttled.body.find("ReservedFunctionConcurrentInvocationLimitExceeded"), std::string::npos);
  EXPECT_FALSE(door->admit(request("POST"), kUrlBodyBytesMax).refusal);
  EXPECT_EQ(door->admit(request("POST"), kUrlBodyBytesMax + 1).refusal->status, 413);
  EXPECT_EQ(send(request("POST", "/", std::string(kUrlBodyBytesMax + 1, 'x'))).status, 413);
  EXPECT_EQ(send(request("POST", "/", std::string(kUrlBodyBytesMax, 'x'))).status, 413) << "as base64 it is too large";
}

TEST_F(UrlDoorTest, NobodyWaitsWhileTheFunctionRuns) {
  make_url();
  allow_all();
  std::promise<void> released;
  bed.set_body([held = released.get_future().share()](const auto&, const auto&) {
    held.wait();
    return answer("1");
  });
  std::atomic<bool> answered = false;
  Request asked = request();
  asked.hangup = std::make_shared<aws::http::Hangup>();
  door->handle(asked, [&](const Response&) { answered = true; });
  EXPECT_FALSE(answered) << "and yet handle() is back";
  asked.hangup->hang_up();
  EXPECT_TRUE(TestBed::eventually([&] { return bed.host.started() == 1; }));
  released.set_value();
  EXPECT_TRUE(TestBed::eventually([&] { return answered.load(); }));
}

TEST_F(UrlDoorTest, CorsIsAnsweredInFrontOfTheFunction) {
  Cors cors;
  cors.allow_origins = {"https://shop.example", "http://localhost:3000"};
  cors.allow_methods = {"GET", "POST"};
  cors.allow_headers = {"x-a", "content-type"};
  cors.expose_headers = {"x-b"};
  cors.allow_credentials = true;
  cors.max_age = 60;
  make_url("NONE", cors);
  allow_all();
  const auto of_page = [&](const std::string& method, const std::string& origin) {
    Request out = request(method);
    out.headers.add("Origin", origin);
    if (method == "OPTIONS") out.headers.add("Access-Control-Request-Method", "POST");
    return out;
  };
  const Response preflight = send(of_page("OPTIONS", "https://shop.example"));
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Methods"), "GET,POST");
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Headers"), "x-a,content-type");
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(preflight.headers.get("Access-Control-Max-Age"), "60");
  EXPECT_FALSE(send(of_page("OPTIONS", "https://evil.example")).headers.contains("Access-Control-Allow-Origin"));
  EXPECT_EQ(bed.host.started(), 0);
  bed.set_body([](const auto&, const auto&) { return answer("1"); });
  const Response actual = send(of_page("POST", "http://localhost:3000"));
  EXPECT_EQ(actual.headers.get("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(actual.headers.get("Access-Control-Expose-Headers"), "x-b");
  EXPECT_EQ(actual.headers.get("Vary"), "Origin");
  EXPECT_FALSE(send(of_page("POST", "https://evil.example")).headers.contains("Access-Control-Allow-Origin"));
  EXPECT_EQ(send(request("OPTIONS")).body, "1") << "no preflight, so it is the function's";

  UpdateFunctionUrlConfigRequest open;
  open.function_name = "f";
  open.cors.emplace().allow_origins = {"*"};
  bed.ok(&LambdaService::update_function_url_config, open);
  EXPECT_EQ(send(of_page("GET", "https://evil.example")).headers.get("Access-Control-Allow-Origin"), "*");
  open.cors = Cors();
  bed.ok(&LambdaService::update_function_url_config, open);
  EXPECT_FALSE(send(of_page("GET", "https://shop.example")).headers.contains("Access-Control-Allow-Origin"));
}

}  // namespace
}  // namespace engine::lambda
