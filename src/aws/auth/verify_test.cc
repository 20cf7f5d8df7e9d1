#include "aws/auth/verify.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <functional>

#include "base/encoding.h"

namespace aws::auth {
namespace {

using base::Timestamp;
using std::chrono::minutes;
using std::chrono::seconds;

static_assert(!std::is_default_constructible_v<Authenticated>, "only the Verifier makes one");

const Timestamp kNow = *base::parse_amz_date("20240102T030405Z");

class TestSource final : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view access_key_id) override {
    for (const Credential& credential : credentials)
      if (credential.access_key_id == access_key_id) return credential;
    return std::nullopt;
  }
  std::vector<Credential> credentials = {
      {"AKIDEXAMPLE", "secret", "", std::nullopt, {Principal::Kind::root, "000000000000", "arn:root", "000000000000"}},
      {"ASIDEXAMPLE",
       "secret2",
       "to/ken==",
       kNow + minutes(60),
       {Principal::Kind::role, "000000000000", "arn:r", "AROA"}},
  };
};

const Credentials kLongTerm = {"AKIDEXAMPLE", "secret", ""};
const Credentials kTemporary = {"ASIDEXAMPLE", "secret2", "to/ken=="};

http::Request make_request(std::string_view service) {
  http::Request request{"POST", "/", {}, "{}"};
  request.headers.add("Host", "localhost:4566");
  if (service == "s3") {
    request.method = "PUT";
    request.target = "/bucket/key%20a//b?x-id=PutObject&a=1";
  } else if (service == "dynamodb") {
    request.headers.add("X-Amz-Target", "DynamoDB_20120810.GetItem");
  }
  return request;
}

http::Request signed_request(std::string_view service, const Credentials& credentials = kLongTerm,
                             Timestamp now = kNow) {
  http::Request request = make_request(service);
  sign(request, {credentials, "us-east-1", std::string(service), now});
  return request;
}

// "" if authenticated, else "Code status".
std::string outcome(const http::Request& request, std::string_view service, Timestamp now = kNow) {
  TestSource source;
  Verifier verifier(source);
  const auto result = verifier.verify(request, service, now);
  return result ? "" : result.error().code + ' ' + std::to_string(result.error().http_status);
}

base::AwsError error_of(const http::Request& request, std::string_view service, Timestamp now = kNow) {
  TestSource source;
  Verifier verifier(source);
  const auto result = verifier.verify(request, service, now);
  EXPECT_FALSE(result.has_value());
  return result ? base::AwsError() : result.error();
}

http::Request presigned(std::string_view service, int expires_seconds = 600,
                        const Credentials& credentials = kLongTerm) {
  http::Request request = make_request(service);
  if (service == "s3") request.method = "GET";
  request.target = presign_url("", request, {credentials, "us-east-1", std::string(service), kNow}, expires_seconds);
  return request;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void edit_authorization(http::Request& request, std::string_view from, std::string_view to) {
  request.headers.set("Authorization", replaced(std::string(request.headers.get("Authorization")), from, to));
}

TEST(Verifier, AcceptsWhatTheSignerSigns) {
  TestSource source;
  Verifier verifier(source);
  for (const char* service : {"s3", "dynamodb", "sns", "lambda"}) {
    for (int i = 0; i < 2; ++i) {
      const auto result = verifier.verify(signed_request(service, kTemporary), service, kNow);
      ASSERT_TRUE(result.has_value()) << service << ' ' << result.error().message;
      EXPECT_EQ(result->principal().arn, "arn:r");
      EXPECT_EQ(result->access_key_id(), "ASIDEXAMPLE");
      EXPECT_EQ(result->region(), "us-east-1");
      EXPECT_EQ(result->date(), "20240102");
      EXPECT_EQ(result->payload_mode(), PayloadMode::signed_body);
    }
    EXPECT_EQ(outcome(presigned(service, 600, kTemporary), service, kNow + seconds(600)), "") << service;
  }
}

TEST(Verifier, EveryRequestRoundTrips) {
  rc::check([] {
    const auto word = rc::gen::container<std::string>(rc::gen::elementOf(std::string("aZ09-._~ /+*%=&?:;,@(é\t")));
    const std::string service = *rc::gen::element<std::string>("s3", "lambda", "sqs");
    http::Request request{
        *rc::gen::element<std::string>("GET", "PUT", "POST"), "/", {}, *rc::gen::arbitrary<std::string>()};
    request.target += base::percent_encode(*word, *rc::gen::arbitrary<bool>());
    const int parameters = *rc::gen::inRange(0, 4);
    for (int i = 0; i < parameters; ++i)
      request.target += (i == 0 ? "?" : "&") + base::percent_encode(*word) + "=" + base::percent_encode(*word);
    request.headers.add("Host", "localhost");
    const int headers = *rc::gen::inRange(0, 4);
    for (int i = 0; i < headers; ++i)
      request.headers.add("x-amz-meta-" + std::to_string(*rc::gen::inRange(0, 2)), *word);
    const SignParameters sign_parameters{kTemporary, "eu-west-1", service, kNow};
    http::Request by_query = request;
    by_query.target = presign_url("", request, sign_parameters, 1);
    RC_ASSERT(outcome(by_query, service) == "");
    sign(request, sign_parameters);
    RC_ASSERT(outcome(request, service) == "");
    request.body += 'x';
    RC_ASSERT(outcome(request, service) == (service == "s3"       ? "XAmzContentSHA256Mismatch 400"
                                            : service == "lambda" ? "InvalidSignatureException 403"
                                                                  : "SignatureDoesNotMatch 403"));
  });
}

TEST(Verifier, AcceptsATargetSignedInItsReEncodedForm) {
  http::Request request{"GET", "/bucket/a(b)", {}, ""};
  request.headers.add("Host", "localhost");
  request.target = "/bucket/a%28b%29?list-type=2&prefix=a%2Ab";
  sign(request, {kLongTerm, "us-east-1", "s3", kNow});
  request.target = "/bucket/a(b)?prefix=a*b&list-type=2";
  EXPECT_EQ(outcome(request, "s3"), "");
  request.target = "/bucket/a(c)?prefix=a*b&list-type=2";
  EXPECT_EQ(outcome(request, "s3"), "SignatureDoesNotMatch 403");
}

struct Mutation {
  const char* name;
  std::function<void(http::Request&)> apply;
  const char *s3, *json, *query;
};

TEST(Verifier, AnythingChangedIsRefused) {
  const char *s3_no = "SignatureDoesNotMatch 403", *json_no = "InvalidSignatureException 400",
             *query_no = "SignatureDoesNotMatch 403";
  const auto edit = [](std::string from, std::string to) {
    return [from, to](http::Request& r) { edit_authorization(r, from, to); };
  };
  const auto header = [](std::string name, std::string value) {
    return [name, value](http::Request& r) { r.headers.set(name, value); };
  };
  const std::vector<Mutation> mutations = {
      {"method", [](auto& r) { r.method = "DELETE"; }, s3_no, json_no, query_no},
      {"path", [](auto& r) { r.target.insert(1, "x"); }, s3_no, json_no, query_no},
      {"query", [](auto& r) { r.target += r.target.find('?') == std::string::npos ? "?z" : "&z"; }, s3_no, json_no,
       query_no},
      {"body", [](auto& r) { r.body = "{ }"; }, "XAmzContentSHA256Mismatch 400", json_no, query_no},
      {"body cut", [](auto& r) { r.body.clear(); }, "XAmzContentSHA256Mismatch 400", json_no, query_no},
      {"host", header("Host", "evil:4566"), s3_no, json_no, query_no},
      {"second host", [](auto& r) { r.headers.add("Host", "localhost:4566"); }, s3_no, json_no, query_no},
      {"no host", [](auto& r) { r.headers.erase("Host"); }, s3_no, json_no, query_no},
      {"date", header("X-Amz-Date", "20240102T030406Z"), s3_no, json_no, query_no},
      {"new x-amz header", header("X-Amz-Acl", "public-read"), "AccessDenied 403", json_no, query_no},
      {"token for a long-term key", header("X-Amz-Security-Token", "t"), "AccessDenied 403", json_no, query_no},
      {"scope date", edit("/20240102/", "/20240101/"), "AuthorizationHeaderMalformed 400", json_no, query_no},
      {"empty scope date", edit("/20240102/", "//"), "AuthorizationHeaderMalformed 400", json_no, query_no},
      {"region", edit("/us-east-1/", "/us-west-1/"), s3_no, json_no, query_no},
      {"empty region", edit("/us-east-1/", "//"), "AuthorizationHeaderMalformed 400", json_no, query_no},
      {"terminator", edit("aws4_request", "aws5_request"), "AuthorizationHeaderMalformed 400", json_no, query_no},
      {"six elements", edit("aws4_request", "aws4_request/x"), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"unknown key", edit("AKIDEXAMPLE", "AKIDEXAMPLF"), "InvalidAccessKeyId 403", "UnrecognizedClientException 400",
       "InvalidClientTokenId 403"},
      {"somebody else's key", edit("AKIDEXAMPLE", "ASIDEXAMPLE"), "InvalidAccessKeyId 403",
       "UnrecognizedClientException 400", "InvalidClientTokenId 403"},
      {"signature", edit("Signature=", "Signature=0"), s3_no, json_no, query_no},
      {"empty signature",
       [](auto& r) {
         const std::string value(r.headers.get("Authorization"));
         r.headers.set("Authorization", value.substr(0, value.size() - 64));
       },
       s3_no, json_no, query_no},
      {"SigV4a", edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "InvalidRequest 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"SigV2", header("Authorization", "AWS AKIDEXAMPLE:c2ln"), "InvalidRequest 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"only the algorithm", header("Authorization", "AWS4-HMAC-SHA256"), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"no SignedHeaders", edit("SignedHeaders=", "Signed="), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"credential twice", edit("Credential=", "Credential=x, Credential="), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"host not signed", edit("host;", ""), "AccessDenied 403", json_no, query_no},
      {"date not signed", edit(";x-amz-date", ""), "AccessDenied 403", json_no, query_no},
      {"header order", edit("host;", "x-amz-date;host;"), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"header twice", edit("host;", "host;host;"), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"header case", edit("host;", "Host;"), "AuthorizationHeaderMalformed 400", "IncompleteSignatureException 400",
       "IncompleteSignature 400"},
      {"absent header listed", edit("host;", "host;range;"), s3_no, json_no, query_no},
      {"two Authorization headers", [](auto& r) { r.headers.add("authorization", "AWS4-HMAC-SHA256 x"); },
       "AuthorizationHeaderMalformed 400", "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"two dates", [](auto& r) { r.headers.add("x-amz-date", "20240102T030405Z"); },
       "AuthorizationHeaderMalformed 400", "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"no date", [](auto& r) { r.headers.erase("X-Amz-Date"); }, "AccessDenied 403",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"bad date", header("X-Amz-Date", "20240102T030405"), "AuthorizationHeaderMalformed 400",
       "IncompleteSignatureException 400", "IncompleteSignature 400"},
      {"unsigned", [](auto& r) { r.headers.erase("Authorization"); }, "AccessDenied 403",
       "MissingAuthenticationTokenException 400", "MissingAuthenticationToken 403"},
      {"empty Authorization", header("Authorization", ""), "InvalidRequest 400", "IncompleteSignatureException 400",
       "IncompleteSignature 400"},
      {"query credentials too",
       [](auto& r) {
         r.target += "?X-Amz-Signature=0";
         r.target = r.target;
       },
       nullptr, "InvalidSignatureException 400", "SignatureDoesNotMatch 400"},
      {"query credentials too, S3", [](auto& r) { r.target += "&X-Amz-Algorithm=AWS4-HMAC-SHA256"; },
       "InvalidArgument 400", nullptr, nullptr},
  };
  for (const Mutation& mutation : mutations) {
    const std::pair<const char*, const char*> cases[] = {
        {"s3", mutation.s3}, {"dynamodb", mutation.json}, {"sns", mutation.query}};
    for (const auto& [service, expected] : cases) {
      if (expected == nullptr) continue;
      http::Request request = signed_request(service);
      ASSERT_EQ(outcome(request, service), "");
      mutation.apply(request);
      EXPECT_EQ(outcome(request, service), expected) << mutation.name << " for " << service;
    }
  }
}

TEST(Verifier, AnotherServicesSignatureIsRefused) {
  EXPECT_EQ(outcome(signed_request("sqs"), "s3"), "AuthorizationHeaderMalformed 400");
  EXPECT_EQ(outcome(signed_request("s3"), "sns"), "SignatureDoesNotMatch 403");
  EXPECT_EQ(error_of(signed_request("s3"), "sqs").message, "Credential should be scoped to correct service: 'sqs'. ");
  EXPECT_EQ(error_of(signed_request("s3"), "lambda").http_status, 403);
  EXPECT_EQ(outcome(presigned("sqs"), "s3"), "AuthorizationQueryParametersError 400");
}

TEST(Verifier, HeadersAddedOnTheWayNeedNoSignature) {
  http::Request request = signed_request("s3");
  request.headers.add("X-Amzn-Trace-Id", "Root=1");
  request.headers.add("User-Agent", "x");
  request.headers.add("X-Forwarded-For", "1.2.3.4");
  EXPECT_EQ(outcome(request, "s3"), "");
}

TEST(Verifier, SkewLimits) {
  const std::tuple<const char*, seconds, bool> table[] = {
      {"s3", minutes(15) - seconds(1), true},      {"s3", minutes(15) + seconds(1), false},
      {"dynamodb", minutes(5) - seconds(1), true}, {"dynamodb", minutes(5) + seconds(1), false},
      {"sns", minutes(5) - seconds(1), true},      {"sns", minutes(5) + seconds(1), false},
  };
  for (const auto& [service, skew, good] : table) {
    EXPECT_EQ(outcome(signed_request(service), service, kNow + skew) == "", good) << service << skew.count();
    EXPECT_EQ(outcome(signed_request(service), service, kNow - skew) == "", good) << service << -skew.count();
  }
  const auto late = error_of(signed_request("dynamodb"), "dynamodb", kNow + minutes(10));
  EXPECT_EQ(late.code, "InvalidSignatureException");
  EXPECT_EQ(late.message,
            "Signature expired: 20240102T030405Z is now earlier than 20240102T030905Z (20240102T031405Z - 5 min.)");
  EXPECT_EQ(error_of(signed_request("sns"), "sns", kNow - minutes(10)).message,
            "Signature not yet current: 20240102T030405Z is still later than 20240102T025905Z (20240102T025405Z + 5 "
            "min.)");
  const auto s3 = error_of(signed_request("s3"), "s3", kNow + minutes(16));
  EXPECT_EQ(s3.code, "RequestTimeTooSkewed");
  EXPECT_EQ(s3.fields[2].second, "900000");
}

TEST(Verifier, SessionTokens) {
  const Credentials wrong = {kTemporary.access_key_id, kTemporary.secret_access_key, "other"};
  const Credentials none = {kTemporary.access_key_id, kTemporary.secret_access_key, ""};
  const Credentials extra = {kLongTerm.access_key_id, kLongTerm.secret_access_key, "token"};
  EXPECT_EQ(outcome(signed_request("s3", wrong), "s3"), "InvalidToken 400");
  EXPECT_EQ(outcome(signed_request("s3", none), "s3"), "InvalidAccessKeyId 403");
  for (const Credentials& bad : {wrong, none, extra}) {
    EXPECT_EQ(outcome(signed_request("dynamodb", bad), "dynamodb"), "UnrecognizedClientException 400");
    EXPECT_EQ(outcome(signed_request("sns", bad), "sns"), "InvalidClientTokenId 403");
  }
  const Timestamp end = kNow + minutes(60);
  EXPECT_EQ(outcome(signed_request("sns", kTemporary, end), "sns", end - seconds(1)), "");
  EXPECT_EQ(outcome(signed_request("sns", kTemporary, end), "sns", end), "ExpiredToken 403");
  EXPECT_EQ(outcome(signed_request("dynamodb", kTemporary, end), "dynamodb", end), "ExpiredTokenException 400");
  EXPECT_EQ(outcome(signed_request("s3", kTemporary, end), "s3", end), "ExpiredToken 400");
}

// Point 22 of issue 9: `till serve --any-key`.
TEST(Verifier, AnybodyIsTakenWithoutALookAtSignatures) {
  struct Open final : CredentialSource {
    std::optional<Credential> find(std::string_view id) override { return known.find(id); }
    std::optional<Principal> anybody() override { return known.credentials.front().principal; }
    TestSource known;
  } source;
  Verifier verifier(source);
  const auto outcome_of = [&](const http::Request& request, std::string_view service) {
    const auto result = verifier.verify(request, service, kNow);
    if (!result) return result.error().code;
    return result->principal().arn + (result->is_verified() ? " verified" : " unverified");
  };
  for (const std::string_view service : {"sqs", "s3"}) {
    EXPECT_EQ(outcome_of(signed_request(service, {"dummy", "x", ""}), service), "arn:root unverified");
    EXPECT_EQ(outcome_of(signed_request(service, {"dummy", "x", "stray"}), service), "arn:root unverified");
    EXPECT_EQ(outcome_of(signed_request(service), service), "arn:root verified");
    EXPECT_EQ(outcome_of(signed_request(service, {"AKIDEXAMPLE", "secret", "stray"}), service), "arn:root verified");
    EXPECT_FALSE(outcome_of(signed_request(service, {"AKIDEXAMPLE", "wrong", ""}), service).starts_with("arn"))
        << "a known key is itself";
    EXPECT_EQ(outcome_of(signed_request(service, kTemporary), service), "arn:r verified");
    EXPECT_FALSE(outcome_of(signed_request(service, {"ASIDEXAMPLE", "secret2", "other"}), service).starts_with("arn"));
  }
  EXPECT_EQ(outcome_of(presigned("s3", 600, {"dummy", "x", ""}), "s3"), "arn:root unverified");
}

TEST(Verifier, PayloadModes) {
  const auto with_hash = [](std::string_view service, std::string hash) {
    http::Request request = make_request(service);
    // Signed over the given value, as S3 clients do: the mode, not the signature, must decide.
    request.headers.add("X-Amz-Content-SHA256", hash);
    request.headers.add("X-Amz-Date", "20240102T030405Z");
    const std::string names = service == "dynamodb" ? "host;x-amz-content-sha256;x-amz-date;x-amz-target"
                                                    : "host;x-amz-content-sha256;x-amz-date";
    const std::string scope = credential_scope("20240102", "us-east-1", service);
    const std::string canonical = canonical_request(request, service, names, hash, TargetForm::as_received);
    request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + scope +
                                             ",SignedHeaders=" + names + ",Signature=" +
                                             signature(derive_signing_key("secret", "20240102", "us-east-1", service),
                                                       string_to_sign("20240102T030405Z", scope, canonical)));
    return request;
  };
  TestSource source;
  Verifier verifier(source);
  const std::pair<const char*, PayloadMode> good[] = {
      {"UNSIGNED-PAYLOAD", PayloadMode::unsigned_body},
      {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", PayloadMode::streaming_unsigned_trailer},
      {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PayloadMode::streaming_signed},
      {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", PayloadMode::streaming_signed_trailer}};
  for (const auto& [hash, mode] : good) {
    const auto result = verifier.verify(with_hash("s3", hash), "s3", kNow);
    ASSERT_TRUE(result.has_value()) << hash << result.error().message;
    EXPECT_EQ(result->payload_mode(), mode);
    EXPECT_EQ(outcome(with_hash("dynamodb", hash), "dynamodb"), "InvalidSignatureException 400") << hash;
    EXPECT_EQ(outcome(with_hash("sns", hash), "sns"), "SignatureDoesNotMatch 403") << hash;
  }
  for (const char* bad : {"", "unsigned-payload", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-X",
                          "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"})
    EXPECT_EQ(outcome(with_hash("s3", bad), "s3"), "InvalidArgument 400") << bad;
  EXPECT_EQ(outcome(with_hash("s3", std::string(kEmptyBodyHash)), "s3"), "XAmzContentSHA256Mismatch 400");
  EXPECT_EQ(outcome(with_hash("s3", base::hex_encode(base::sha256("{}"))), "s3"), "");
  EXPECT_EQ(outcome(with_hash("dynamodb", base::hex_encode(base::sha256("{}"))), "dynamodb"), "");
  http::Request none = signed_request("s3");
  none.headers.erase("X-Amz-Content-SHA256");
  EXPECT_EQ(outcome(none, "s3"), "InvalidRequest 400");
}

TEST(Verifier, PresignedUrls) {
  const std::string good = presigned("s3").target;
  const auto get = [](std::string target) {
    http::Request request = make_request("s3");
    request.method = "GET";
    request.target = std::move(target);
    return request;
  };
  EXPECT_EQ(outcome(get(good), "s3"), "");
  EXPECT_EQ(outcome(get(good), "s3", kNow + seconds(600)), "");
  EXPECT_EQ(outcome(get(good), "s3", kNow + seconds(601)), "AccessDenied 403");
  EXPECT_EQ(outcome(get(good), "s3", kNow - minutes(16)), "AccessDenied 403");
  const auto expired = error_of(get(good), "s3", kNow + seconds(700));
  EXPECT_EQ(expired.message, "Request has expired");
  EXPECT_EQ(expired.fields, (std::vector<std::pair<std::string, std::string>>{{"X-Amz-Expires", "600"},
                                                                              {"Expires", "2024-01-02T03:14:05Z"},
                                                                              {"ServerTime", "2024-01-02T03:15:45Z"}}));
  EXPECT_EQ(outcome(presigned("sts"), "sts", kNow + seconds(601)), "SignatureDoesNotMatch 403");
  const std::tuple<const char*, const char*, const char*> edits[] = {
      {"X-Amz-Expires=600", "X-Amz-Expires=6000", "SignatureDoesNotMatch 403"},
      {"X-Amz-Expires=600", "X-Amz-Expires=604801", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=99999999999999999999", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=-1", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=0", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=6e2", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=", "AuthorizationQueryParametersError 400"},
      {"&X-Amz-Expires=600", "", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=600&X-Amz-Expires=6000", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Expires=600", "X-Amz-Expires=600&X-Amz%2DExpires=6000", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Signature", "X-Amz%2DSignature", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Algorithm=AWS4", "X-Amz-Algorithm=AWS5", "AuthorizationQueryParametersError 400"},
      {"SignedHeaders=host", "SignedHeaders=", "AuthorizationQueryParametersError 400"},
      {"SignedHeaders=host", "SignedHeaders=range", "AccessDenied 403"},
      {"%2F20240102%2F", "%2F20240103%2F", "AuthorizationQueryParametersError 400"},
      {"X-Amz-Date=20240102T030405Z", "X-Amz-Date=20240102", "AuthorizationQueryParametersError 400"},
      {"AKIDEXAMPLE", "AKIDEXAMPLF", "InvalidAccessKeyId 403"},
      {"key%20a", "key%20b", "SignatureDoesNotMatch 403"},
      {"a=1", "a=2", "SignatureDoesNotMatch 403"},
  };
  for (const auto& [from, to, expected] : edits)
    EXPECT_EQ(outcome(get(replaced(good, from, to)), "s3"), expected) << from << " -> " << to;
  EXPECT_EQ(error_of(get(replaced(good, "=600", "=604801")), "s3").message,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds");
  http::Request method = get(good);
  method.method = "PUT";
  EXPECT_EQ(outcome(method, "s3"), "SignatureDoesNotMatch 403");
  http::Request mixed = get(good);
  mixed.headers.add("Authorization", signed_request("s3").headers.get("Authorization").data());
  EXPECT_EQ(outcome(mixed, "s3"), "InvalidArgument 400");
  http::Request streaming = get(good);
  streaming.headers.add("X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(outcome(streaming, "s3"), "AccessDenied 403");  // not signed; and if it were, not for presigned URLs
  http::Request old_header = get("/b/k");
  old_header.headers.add("Authorization", "AWS AKIDEXAMPLE:c2lnbmF0dXJl");
  EXPECT_EQ(outcome(old_header, "s3"), "InvalidRequest 400");
}

// The URLs are botocore's, made by generate_presigned_url of a client for us-east-1 with these credentials.
http::Request presigned_v2(std::string method, std::string target, std::string host = "localhost:4566") {
  http::Request request{std::move(method), std::move(target), {}, ""};
  request.headers.add("Host", std::move(host));
  return request;
}

TEST(Verifier, TakesPresignedUrlsOfVersion2ForS3) {
  const std::string key = "?AWSAccessKeyId=AKIDEXAMPLE&Signature=";
  const std::string get = "/b/a%20b/%C3%BC%2B%3F%26%3D%25" + key + "umlxa9JJiGpfkxAFnyly0oarrXA%3D&Expires=1704165245";
  EXPECT_EQ(outcome(presigned_v2("GET", get), "s3"), "");
  EXPECT_EQ(outcome(presigned_v2("GET", get), "s3", kNow + seconds(600)), "");
  EXPECT_EQ(outcome(presigned_v2("GET", get), "s3", kNow + seconds(601)), "AccessDenied 403");
  EXPECT_EQ(error_of(presigned_v2("GET", get), "s3", kNow + seconds(601)).message, "Request has expired");
  const std::string shown =
      "/k?response-content-type=text%2Fx%20y&response-content-disposition=attachment%3B%20filename%3D%22a%20b%22&"
      "AWSAccessKeyId=AKIDEXAMPLE&Signature=6ma8cI2HK2eKTFcsDzfONhD5aRc%3D&Expires=1704165245";
  EXPECT_EQ(outcome(presigned_v2("GET", shown, "media.localhost:4566"), "s3"), "");
  EXPECT_EQ(outcome(presigned_v2("GET", shown, "other.localhost:4566"), "s3"), "SignatureDoesNotMatch 403");
  EXPECT_EQ(outcome(presigned_v2("GET", replaced(shown, "text%2Fx", "text%2Fz"), "media.localhost:4566"), "s3"),
            "SignatureDoesNotMatch 403");
  EXPECT_EQ(outcome(presigned_v2("PUT",
                                 "/b/k?partNumber=1&uploadId=u.1&AWSAccessKeyId=AKIDEXAMPLE&"
                                 "Signature=rgBFRZxMnWbQAFO1YWb0j9hh06U%3D&Expires=1704165245"),
                    "s3"),
            "");
  // Of what is signed, x-amz-* may stand in the URL, be sent, or both; Content-Type has to be sent.
  http::Request put = presigned_v2("PUT", "/b/k" + key +
                                              "YNdwvZZSFgYyLBJkouR5caq8jKw%3D&x-amz-meta-a=x&content-type=text%2Fx&"
                                              "Expires=1704165245");
  EXPECT_EQ(outcome(put, "s3"), "SignatureDoesNotMatch 403");
  put.headers.add("Content-Type", "text/x");
  EXPECT_EQ(outcome(put, "s3"), "");
  const std::string target = put.target;
  for (const char* added :
       {"&x-amz-copy-source=/secret/key", "&X-AMZ-Acl=private", "&x%2damz-meta-b=y", "&x-amz-meta-a=x"}) {
    put.target = target + added;
    EXPECT_EQ(outcome(put, "s3"), "SignatureDoesNotMatch 403") << added;
  }
  put.target = replaced(target, "x-amz-meta-a=x", "x-amz-meta-a=%0ax");
  EXPECT_EQ(outcome(put, "s3"), "AccessDenied 403");
  put.target = target;
  put.headers.add("x-amz-meta-A", " x ");
  EXPECT_EQ(outcome(put, "s3"), "");
  put.headers.set("x-amz-meta-a", "y");
  EXPECT_EQ(outcome(put, "s3"), "SignatureDoesNotMatch 403");
  put.headers.set("x-amz-meta-a", "x");
  put.headers.add("x-amz-meta-b", "y");
  EXPECT_EQ(outcome(put, "s3"), "SignatureDoesNotMatch 403");
  const std::string list =
      "/b?list-type=2&prefix=p&encoding-type=url&AWSAccessKeyId=ASIDEXAMPLE&Signature=Jez56PHs%2Fht2gNtKqki9s0dL0lw%3D&"
      "x-amz-security-token=to%2Fken%3D%3D&Expires=1704165245";
  TestSource source;
  const auto temporary = Verifier(source).verify(presigned_v2("GET", list), "s3", kNow);
  ASSERT_TRUE(temporary.has_value()) << temporary.error().message;
  EXPECT_EQ(temporary->principal().arn, "arn:r");
  EXPECT_EQ(temporary->region(), "");
  EXPECT_EQ(temporary->payload_mode(), PayloadMode::unsigned_body);
  EXPECT_EQ(outcome(presigned_v2("GET", replaced(list, "to%2Fken", "no%2Fken")), "s3"), "InvalidToken 400");
  EXPECT_EQ(outcome(presigned_v2("GET", replaced(list, "&x-amz-security-token=to%2Fken%3D%3D", "")), "s3"),
            "InvalidAccessKeyId 403");
}

TEST(Verifier, RefusesOtherUrlsOfVersion2) {
  const std::string good =
      "/b/a%20b/%C3%BC%2B%3F%26%3D%25?AWSAccessKeyId=AKIDEXAMPLE&Signature=umlxa9JJiGpfkxAFnyly0oarrXA%3D&"
      "Expires=1704165245";
  for (const auto& [from, to, expected] : std::initializer_list<std::array<std::string_view, 3>>{
           {"1704165245", "1704165246", "SignatureDoesNotMatch 403"},
           {"/b/a", "/c/a", "SignatureDoesNotMatch 403"},
           {"umlx", "umly", "SignatureDoesNotMatch 403"},
           {"?AWS", "?acl&AWS", "SignatureDoesNotMatch 403"},
           {"AKIDEXAMPLE", "AKIDOTHER", "InvalidAccessKeyId 403"},
           {"&Expires=1704165245", "", "AccessDenied 403"},
           {"=1704165245", "=soon", "AccessDenied 403"},
           {"&Expires", "&Expires=1804165245&Expires", "AccessDenied 403"},
           {"&Signature=umlxa9JJiGpfkxAFnyly0oarrXA%3D", "", "AccessDenied 403"},
       }) {
    EXPECT_EQ(outcome(presigned_v2("GET", replaced(good, from, to)), "s3"), expected) << from << " -> " << to;
  }
  EXPECT_EQ(outcome(presigned_v2("PUT", good), "s3"), "SignatureDoesNotMatch 403");
  http::Request mixed = presigned_v2("GET", good);
  mixed.headers.add("Authorization", signed_request("s3").headers.get("Authorization").data());
  EXPECT_EQ(outcome(mixed, "s3"), "InvalidArgument 400");
  http::Request streaming = presigned_v2("GET", good);
  streaming.headers.add("X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(outcome(streaming, "s3"), "InvalidRequest 400");
  EXPECT_EQ(outcome(presigned_v2("GET", good), "sqs"), "IncompleteSignature 400");
}

TEST(Verifier, ErrorsCarryWhatAwsSends) {
  http::Request request = signed_request("s3");
  request.method = "GET";
  const auto s3 = error_of(request, "s3");
  ASSERT_EQ(s3.fields.size(), 6U);
  EXPECT_EQ(s3.fields[0], (std::pair<std::string, std::string>("AWSAccessKeyId", "AKIDEXAMPLE")));
  EXPECT_TRUE(s3.fields[1].second.starts_with("AWS4-HMAC-SHA256\n20240102T030405Z\n20240102/us-east-1/s3/"));
  EXPECT_EQ(s3.fields[4].first, "CanonicalRequest");
  EXPECT_TRUE(s3.fields[4].second.starts_with("GET\n/bucket/key%20a//b\na=1&x-id=PutObject\nhost:localhost:4566\n"));
  EXPECT_TRUE(s3.fields[5].second.starts_with("47 45 54 0a 2f"));
  // SQS and CloudWatch answer JSON clients with the query code beside the shape's name.
  http::Request sqs = make_request("sqs");
  sqs.headers.add("X-Amz-Target", "AmazonSQS.SendMessage");
  const auto json = error_of(sqs, "sqs");
  EXPECT_EQ(json.code, "MissingAuthenticationTokenException");
  EXPECT_EQ(json.query_code, "MissingAuthenticationToken");
  http::Request bare = make_request("dynamodb");
  bare.headers.add("Authorization", "AWS4-HMAC-SHA256");
  EXPECT_EQ(
      error_of(bare, "dynamodb").message,
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
      "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either "
      "a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256");
}

// Signed by hand, as clients do that cannot set X-Amz-Date.
TEST(Verifier, TakesDateWhereXAmzDateIsNotThere) {
  const std::string amz_date = base::format_amz_date(kNow);
  const auto with = [&](std::vector<std::string> dates, bool both = false) {
    http::Request request = make_request("s3");
    if (both) request.headers.set("x-amz-date", base::format_amz_date(kNow));
    for (const std::string& date : dates) request.headers.add("Date", date);
    request.headers.set("X-Amz-Content-SHA256", std::string(kUnsignedPayload));
    const std::string names = std::string("date;host;x-amz-content-sha256") + (both ? ";x-amz-date" : "");
    const std::string scope = credential_scope(amz_date.substr(0, 8), "us-east-1", "s3");
    const std::string text = string_to_sign(
        amz_date, scope, canonical_request(request, "s3", names, kUnsignedPayload, TargetForm::as_received));
    const SigningKey key = derive_signing_key(kLongTerm.secret_access_key, amz_date.substr(0, 8), "us-east-1", "s3");
    request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=" + kLongTerm.access_key_id + '/' + scope +
                                             ", SignedHeaders=" + names + ", Signature=" + signature(key, text));
    return outcome(request, "s3");
  };
  EXPECT_EQ(with({base::format_http_date(kNow)}), "");
  EXPECT_EQ(with({amz_date}), "");
  EXPECT_EQ(with({"yesterday"}, true), "");
  EXPECT_EQ(with({base::format_http_date(kNow + seconds(1))}), "SignatureDoesNotMatch 403");
  EXPECT_EQ(with({base::format_http_date(kNow + seconds(3600))}), "RequestTimeTooSkewed 403");
  EXPECT_EQ(with({"yesterday"}), "AuthorizationHeaderMalformed 400");
  EXPECT_NE(with({amz_date, amz_date}), "");
  EXPECT_NE(with({}), "");
}

// Version 2 of the AWS SDK for JavaScript: the header's value in the query, its name among the signed headers.
TEST(Verifier, AHoistedHeaderMayBeSignedAsOne) {
  http::Request signed_with_header = make_request("s3");
  signed_with_header.method = "PUT";
  signed_with_header.target = "/b/k?x-amz-server-side-encryption=AES256&x-amz-meta-a=b%20c";
  signed_with_header.headers.add("x-amz-server-side-encryption", "AES256");
  signed_with_header.headers.add("x-amz-meta-a", "b c");
  http::Request request = signed_with_header;
  request.target = presign_url("", signed_with_header, {kLongTerm, "us-east-1", "s3", kNow}, 600);
  EXPECT_EQ(outcome(request, "s3"), "");
  request.headers.erase("x-amz-meta-a");
  request.headers.erase("x-amz-server-side-encryption");
  EXPECT_EQ(outcome(request, "s3"), "");
  http::Request other = request;
  other.target = replaced(request.target, "=AES256", "=aws:kms");
  EXPECT_EQ(outcome(other, "s3"), "SignatureDoesNotMatch 403");
  request.headers.add("x-amz-meta-a", "d");
  EXPECT_EQ(outcome(request, "s3"), "SignatureDoesNotMatch 403");
}

TEST(Verifier, ARotatedSecretCountsAtOnce) {
  TestSource source;
  Verifier verifier(source);
  EXPECT_TRUE(verifier.verify(signed_request("sns"), "sns", kNow).has_value());
  source.credentials[0].secret_access_key = "rotated";
  EXPECT_FALSE(verifier.verify(signed_request("sns"), "sns", kNow).has_value());
  EXPECT_TRUE(verifier.verify(signed_request("sns", {"AKIDEXAMPLE", "rotated", ""}), "sns", kNow).has_value());
}

}  // namespace
}  // namespace aws::auth
