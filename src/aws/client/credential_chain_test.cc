// Each way to credentials against a fake of who gives them out.
#include "aws/client/credential_chain.h"

#include <gtest/gtest.h>

#include <map>

#include "aws/client/client.h"
#include "base/encoding.h"
#include "base/manual/jumping_executor.h"
#include "base/manual/manual_env.h"

namespace aws::client {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

http::Response answer_of(std::string body, int status = 200) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// Answers by method, host and target; everything else is a connection refused.
class FakeHosts final : public http::Transport {
 public:
  using Answer = std::function<http::Response(const http::Request&)>;
  base::Result<http::Response> round_trip(const http::Endpoint& endpoint, http::Request request,
                                          base::Duration) override {
    const std::string key = request.method + " " + (endpoint.tls ? "https://" : "http://") + endpoint.host +
                            (endpoint.port == 80 || endpoint.port == 443 ? "" : ":" + std::to_string(endpoint.port)) +
                            request.target;
    asked.push_back(key);
    const auto found = answers.find(key);
    if (found != answers.end()) return found->second(request);
    return base::fail({.code = "ConnectError", .message = key + ": connect: Connection refused", .http_status = 0});
  }
  void put(const std::string& key, std::string body) {
    answers[key] = [body = std::move(body)](const http::Request&) { return answer_of(body); };
  }
  std::map<std::string, Answer> answers;
  std::vector<std::string> asked;
};

class CredentialChainTest : public testing::Test {
 protected:
  // "access/secret/token", or the error's message.
  std::string find(CredentialChain chain = {}) {
    files_ = SharedFiles::parse(config_, credentials_);
    auto found = find_credentials(from_, chain);
    if (!found.has_value()) return found.error().message;
    provider_ = std::move(*found);
    return provider_ == nullptr ? "none" : get();
  }
  std::string get() {
    const auto keys = provider_->credentials();
    if (!keys.has_value()) return keys.error().message;
    return keys->access_key_id + "/" + keys->secret_access_key + "/" + keys->session_token;
  }
  std::string keys_expiring(base::Duration in, const std::string& name = "K") {
    return R"({"AccessKeyId":")" + name + R"(","SecretAccessKey":"S","Token":"T","Expiration":")" +
           base::format_iso8601_seconds(clock_.now() + in) + R"("})";
  }

  base::ManualClock clock_;
  base::SeededRandom random_;
  base::JumpingExecutor executor_{clock_};
  base::Env env_{clock_, random_, executor_};
  FakeHosts hosts_;
  std::map<std::string, std::string> variables_{{"HOME", "/home/me"}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  std::map<std::string, std::string> disk_;
  std::vector<std::string> ran_;
  std::string told_;  // what the program is to people
  std::expected<std::string, std::string> written_;
  std::string config_;
  std::string credentials_;
  SharedFiles files_;
  Endpoints endpoints_{.region = "eu-west-1"};
  Surroundings from_{.env = env_,
                     .wall_clock = clock_,
                     .transport = hosts_,
                     .variable = [this](const std::string& name) { return variables_[name]; },
                     .read_file = [this](const std::string& path) -> std::optional<std::string> {
                       const auto found = disk_.find(path);
                       if (found == disk_.end()) return std::nullopt;
                       return found->second;
                     },
                     .run =
                         [this](const std::vector<std::string>& arguments, const std::string& what) {
                           ran_ = arguments;
                           told_ = what;
                           return written_;
                         },
                     .files = files_,
                     .endpoints = endpoints_};
  std::shared_ptr<CredentialProvider> provider_;
};

TEST_F(CredentialChainTest, TheOrderIsTheAwsClis) {
  EXPECT_EQ(find(), "none");
  // From the last to the first: each beats those before it.
  variables_["AWS_EC2_METADATA_DISABLED"] = "";
  const std::string instance = "http://169.254.169.254/latest/";
  hosts_.put("PUT " + instance + "api/token", "the-token");
  hosts_.put("GET " + instance + "meta-data/iam/security-credentials/", "shop-role\n");
  hosts_.put("GET " + instance + "meta-data/iam/security-credentials/shop-role", keys_expiring(hours(1), "instance"));
  EXPECT_EQ(find(), "instance/S/T");
  variables_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1";
  hosts_.put("GET http://169.254.170.2/v2/credentials/1", keys_expiring(hours(1), "container"));
  EXPECT_EQ(find(), "container/S/T");
  config_ = "[default]\naws_access_key_id = config\naws_secret_access_key = S\n";
  EXPECT_EQ(find(), "config/S/");
  config_ += "credential_process = /bin/keys\n";
  written_ = R"({"Version":1,"AccessKeyId":"process","SecretAccessKey":"S","SessionToken":"T"})";
  EXPECT_EQ(find(), "process/S/T");
  credentials_ = "[default]\naws_access_key_id = credentials\naws_secret_access_key = S\naws_session_token = T\n";
  EXPECT_EQ(find(), "credentials/S/T");
  config_ += "sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n";
  EXPECT_TRUE(find().contains("SSO Token")) << find();
  config_ += "role_arn = arn:r\nweb_identity_token_file = /absent\n";
  EXPECT_TRUE(find().contains("/absent cannot be read")) << find();
  config_ = "[default]\nrole_arn = arn:r\nsource_profile = other\n[profile other]\ncredential_process = /bin/keys\n";
  EXPECT_TRUE(find().contains("role arn:r: AssumeRole: ConnectError: POST https://sts.eu-west-1.amazonaws.com/"))
      << find();
  variables_["AWS_ACCESS_KEY_ID"] = "environment";
  EXPECT_TRUE(find().contains("AWS_SECRET_ACCESS_KEY is not"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "S";
  EXPECT_EQ(find(), "environment/S/");
  EXPECT_TRUE(find({.passes_over_environment = true}).contains("role arn:r"));
  EXPECT_EQ(find({.profile = "other", .passes_over_environment = true}), "process/S/T");
  EXPECT_EQ(find({.profile = "absent", .passes_over_environment = true, .asks_machine = false}), "none");
}

TEST_F(CredentialChainTest, AreFetchedAgainBeforeTheyExpire) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:81/keys?x=1";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "first";
  std::string authorization;
  const std::string key = "GET http://127.0.0.1:81/keys?x=1";
  int asked = 0;
  hosts_.answers[key] = [&](const http::Request& request) {
    authorization = request.headers.get("Authorization");
    return answer_of(keys_expiring(hours(1), "K" + std::to_string(++asked)));
  };
  EXPECT_EQ(find(), "K1/S/T");
  EXPECT_EQ(authorization, "first");
  EXPECT_EQ(get(), "K1/S/T");
  clock_.advance(minutes(44));
  EXPECT_EQ(get(), "K1/S/T");
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token";
  disk_["/token"] = "second\n";
  clock_.advance(minutes(2));
  EXPECT_EQ(get(), "K2/S/T") << "14 minutes before the end";
  EXPECT_EQ(authorization, "second");
  // Nobody answers: what is still good serves, and is not asked for with every call.
  hosts_.answers[key] = [&](const http::Request&) {
    ++asked;
    return answer_of(R"({"code":"x","message":"no such task"})", 404);
  };
  clock_.advance(minutes(50));
  const int before = asked;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(), "K2/S/T");
  EXPECT_EQ(asked, before + 1);
  clock_.advance(minutes(1));
  EXPECT_EQ(get(), "K2/S/T");
  EXPECT_EQ(asked, before + 2);
  clock_.advance(minutes(9));
  EXPECT_EQ(get(), "the container's credentials: HTTP status 404: no such task");
  hosts_.answers[key] = [&](const http::Request&) { return answer_of("{}", 500); };
  clock_.advance(minutes(2));
  EXPECT_EQ(get(), "the container's credentials: HTTP status 500; there were 3 attempts");
}

TEST_F(CredentialChainTest, AContainersTokenGoesToItsAgentOnly) {
  for (const char* url :
       {"http://example.com/keys", "http://10.0.0.1/", "http://127.example.com/", "ftp://127.0.0.1/", "/keys"}) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    find();
    EXPECT_TRUE(hosts_.asked.empty()) << url;
  }
  EXPECT_TRUE(find().contains("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL"));
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "https://example.com";
  hosts_.put("GET https://example.com/", keys_expiring(hours(1)));
  EXPECT_EQ(find(), "K/S/T");
}

TEST_F(CredentialChainTest, AnInstanceIsAskedByVersionTwo) {
  variables_["AWS_EC2_METADATA_DISABLED"] = "";
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1338/";
  const std::string instance = "http://127.0.0.1:1338/latest/";
  hosts_.answers["PUT " + instance + "api/token"] = [](const http::Request& request) {
    const bool has_time = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "21600";
    return answer_of("the-token", has_time ? 200 : 400);
  };
  hosts_.answers["GET " + instance + "meta-data/iam/security-credentials/"] = [](const http::Request& request) {
    const bool knows = request.headers.get("x-aws-ec2-metadata-token") == "the-token";
    return answer_of("a-role", knows ? 200 : 401);
  };
  const std::string keys = "GET " + instance + "meta-data/iam/security-credentials/a-role";
  hosts_.put(keys, keys_expiring(hours(6)));
  EXPECT_EQ(find(), "K/S/T");
  hosts_.put(keys, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume it"})");
  EXPECT_TRUE(find().starts_with("Unable to locate credentials: none are in the environment and the profile default"));
  EXPECT_TRUE(find().ends_with("metadata service: AssumeRoleUnauthorizedAccess: EC2 cannot assume it")) << find();
  hosts_.put("GET " + instance + "meta-data/iam/security-credentials/", "");
  EXPECT_TRUE(find().contains("has no role"));
  hosts_.answers.clear();
  EXPECT_TRUE(find().contains("Connection refused"));
}

TEST_F(CredentialChainTest, RolesAreAssumedOneByTheOther) {
  config_ = R"([profile end]
role_arn = arn:aws:iam::2:role/end
source_profile = middle
external_id = shop
role_session_name = me
duration_seconds = 900
[profile middle]
role_arn = arn:aws:iam::1:role/middle
source_profile = keys
[profile keys]
aws_access_key_id = BASE
aws_secret_access_key = S
[profile own]
role_arn = arn:aws:iam::1:role/own
source_profile = own
aws_access_key_id = OWN
aws_secret_access_key = S
[profile circle]
role_arn = arn:1
source_profile = back
[profile back]
role_arn = arn:2
source_profile = circle
[profile nothing]
region = x
[profile of-nothing]
role_arn = arn:3
source_profile = nothing
[profile of-absent]
role_arn = arn:3
source_profile = absent
[profile both]
role_arn = arn:3
source_profile = keys
credential_source = Environment
[profile of-environment]
role_arn = arn:4
credential_source = Environment
[profile of-what]
role_arn = arn:4
credential_source = Cloud
[profile forever]
role_arn = arn:4
source_profile = keys
duration_seconds = forever
[profile code]
role_arn = arn:4
source_profile = keys
mfa_serial = arn:mfa
)";
  std::vector<std::string> calls;
  hosts_.answers["POST https://sts.eu-west-1.amazonaws.com/"] = [&](const http::Request& request) {
    const std::string authorization(request.headers.get("Authorization"));
    const std::size_t key = authorization.find("Credential=") + 11;
    calls.push_back(authorization.substr(key, authorization.find('/') - key) + " " + request.body);
    const std::string name = "R" + std::to_string(calls.size());
    return answer_of("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + name +
                     "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>" +
                     base::format_iso8601_seconds(clock_.now() + hours(1)) +
                     "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  };
  EXPECT_EQ(find({.profile = "end"}), "R2/S/T");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls[0].starts_with("BASE Action=AssumeRole&")) << calls[0];
  EXPECT_TRUE(calls[0].contains("middle") && calls[0].contains("RoleSessionName=till-17")) << calls[0];
  EXPECT_TRUE(calls[1].starts_with("R1 Action=AssumeRole&")) << calls[1];
  for (const char* part : {"role%2Fend", "ExternalId=shop", "RoleSessionName=me", "DurationSeconds=900"})
    EXPECT_TRUE(calls[1].contains(part)) << calls[1];
  clock_.advance(minutes(50));
  EXPECT_EQ(get(), "R4/S/T") << "both are assumed again";
  EXPECT_EQ(find({.profile = "own"}), "R5/S/T");
  EXPECT_TRUE(calls.back().starts_with("OWN ")) << calls.back();
  variables_["AWS_ACCESS_KEY_ID"] = "ENV";
  variables_["AWS_SECRET_ACCESS_KEY"] = "S";
  EXPECT_EQ(find({.profile = "of-environment", .passes_over_environment = true}), "R6/S/T");
  EXPECT_TRUE(calls.back().starts_with("ENV ")) << calls.back();
  for (const auto& [profile, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"circle", "leads back to it"},
           {"of-nothing", "The source profile \"nothing\" must have credentials."},
           {"of-absent", "The source_profile \"absent\" referenced in the profile \"of-absent\" does not exist."},
           {"both", "both source_profile and credential_source"},
           {"of-what", "not Cloud"},
           {"forever", "duration_seconds is a number, not forever"},
           {"code", "mfa_serial"}})
    EXPECT_TRUE(find({.profile = profile, .passes_over_environment = true}).contains(why)) << profile;
}

TEST_F(CredentialChainTest, AWebIdentityIsTradedForARole) {
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/token";
  EXPECT_TRUE(find().contains("set AWS_ROLE_ARN"));
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  variables_["AWS_ROLE_SESSION_NAME"] = "pod-1";
  EXPECT_TRUE(find().contains("/token cannot be read"));
  disk_["/token"] = "e30.e30.x\n";
  http::Request sent;
  const auto answers = [&](int status, const std::string& body) {
    hosts_.answers["POST https://sts.eu-west-1.amazonaws.com/"] = [&sent, status, body](const http::Request& request) {
      sent = request;
      return answer_of(body, status);
    };
  };
  answers(
      200,
      "<AssumeRoleWithWebIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
      "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
      "<SessionToken>T</SessionToken><Expiration>2026-11-30T00:00:00Z</Expiration></Credentials>"
      "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
  EXPECT_EQ(find(), "W/S/T");
  EXPECT_EQ(sent.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpod&"
            "RoleSessionName=pod-1&WebIdentityToken=e30.e30.x");
  EXPECT_FALSE(sent.headers.contains("Authorization"));
  answers(400,
          "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code><Message>Token expired</Message>"
          "</Error></ErrorResponse>");
  const std::string of_call = "role arn:aws:iam::1:role/pod: AssumeRoleWithWebIdentity: ";
  EXPECT_EQ(find(), of_call + "ExpiredTokenException: Token expired");
  EXPECT_EQ(hosts_.asked.size(), 2U);
  answers(502, "<html>");
  EXPECT_EQ(find(),
            of_call + "InvalidResponse: STS's answer (HTTP status 502) has no credentials; there were 3 attempts");
  // STS may not reach the identity provider at the moment.
  answers(400, "<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>m</Message></Error></ErrorResponse>");
  hosts_.asked.clear();
  EXPECT_EQ(find(), of_call + "IDPCommunicationError: m; there were 3 attempts");
  EXPECT_EQ(hosts_.asked.size(), 3U);
  hosts_.answers.clear();
  EXPECT_TRUE(find().starts_with(of_call + "ConnectError: ")) << find();
}

TEST_F(CredentialChainTest, SsoTradesTheTokenOfTheLogin) {
  config_ = R"([profile shop]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Deploy
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-north-1
[profile half]
sso_session = corp
[profile lost]
sso_session = nowhere
)";
  const CredentialChain chain{.profile = "shop"};
  EXPECT_TRUE(find(chain).contains("Token for corp does not exist: log in by `aws sso login --profile shop`"));
  const std::string cache = "/home/me/.aws/sso/cache/" + base::hex_encode(base::sha1("corp")) + ".json";
  disk_[cache] =
      R"({"accessToken":"bearer","expiresAt":")" + base::format_iso8601_seconds(clock_.now() + hours(1)) + R"("})";
  const std::string key =
      "GET https://portal.sso.eu-north-1.amazonaws.com/federation/credentials?role_name=Deploy&account_id=111122223333";
  std::string bearer;
  hosts_.answers[key] = [&](const http::Request& request) {
    bearer = request.headers.get("x-amz-sso_bearer_token");
    return answer_of(R"({"roleCredentials":{"accessKeyId":"O","secretAccessKey":"S","sessionToken":"T",)"
                     R"("expiration":)" +
                     std::to_string(clock_.now().time_since_epoch().count() / 1000 + 3'600'000) + "}}");
  };
  EXPECT_EQ(find(chain), "O/S/T");
  EXPECT_EQ(bearer, "bearer");
  hosts_.answers[key] = [](const http::Request&) { return answer_of(R"({"message":"No access"})", 403); };
  EXPECT_EQ(find(chain), "SSO's role Deploy of account 111122223333: HTTP status 403: No access");
  hosts_.answers[key] = [](const http::Request&) { return answer_of(R"({"message":"Session not found"})", 401); };
  EXPECT_TRUE(find(chain).ends_with("401: Session not found: log in by `aws sso login --profile shop`")) << find(chain);
  const std::string whole = disk_[cache];
  for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() - 1), std::string("{}")}) {
    disk_[cache] = damaged;
    EXPECT_TRUE(find(chain).contains("Token for corp is damaged, in " + cache + ": log in by `aws sso")) << find(chain);
  }
  disk_[cache] = whole;
  clock_.advance(hours(1));
  EXPECT_TRUE(find(chain).contains("has expired or is otherwise invalid"));
  EXPECT_TRUE(find({.profile = "half"}).contains("missing required configuration: sso_account_id"));
  EXPECT_TRUE(find({.profile = "lost"}).contains("The specified sso-session does not exist: \"nowhere\""));
}

TEST_F(CredentialChainTest, WhatHasExpiredWhenItComesIsNone) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:81/";
  const std::string key = "GET http://127.0.0.1:81/";
  hosts_.put(key, keys_expiring(-minutes(1)));
  EXPECT_TRUE(find().starts_with("the container's credentials: Credentials were refreshed, but")) << find();
  hosts_.put(key, keys_expiring(minutes(5)));
  EXPECT_EQ(find(), "K/S/T") << "soon is good enough";
  // Where the next ones have expired, those that are still good serve.
  hosts_.put(key, keys_expiring(-minutes(1)));
  clock_.advance(minutes(2));
  EXPECT_EQ(get(), "K/S/T");
  clock_.advance(minutes(4));
  EXPECT_TRUE(get().contains("still expired")) << get();
  variables_.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  config_ =
      "[default]\nrole_arn = arn:r\nsource_profile = keys\n"
      "[profile keys]\naws_access_key_id = B\naws_secret_access_key = S\n";
  hosts_.put(
      "POST https://sts.eu-west-1.amazonaws.com/",
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>R</AccessKeyId><SecretAccessKey>S"
      "</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2019-01-01T00:00:00Z</Expiration></Credentials>"
      "</AssumeRoleResult></AssumeRoleResponse>");
  EXPECT_TRUE(find().contains("role arn:r: Credentials were refreshed, but")) << find();
}

TEST_F(CredentialChainTest, AKeyThatCannotBeSentIsNamedWithoutItsValue) {
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    variables_["AWS_ACCESS_KEY_ID"] = variables_["AWS_SECRET_ACCESS_KEY"] = variables_["AWS_SESSION_TOKEN"] = "K";
    variables_[name] = "secret-text\n";
    EXPECT_TRUE(find().starts_with(name + std::string(" has a line break"))) << find();
    EXPECT_FALSE(find().contains("secret-text")) << find();
  }
  config_ = "[profile x]\naws_access_key_id = B\naws_secret_access_key = S\naws_session_token = a\x01z\n";
  EXPECT_TRUE(find({.profile = "x", .passes_over_environment = true})
                  .starts_with("profile x: aws_session_token has a line break"));
  variables_["AWS_ACCESS_KEY_ID"] = "";
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:81/";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "secret-text\r\nX: y";
  EXPECT_TRUE(find().contains("character in AWS_CONTAINER_AUTHORIZATION_TOKEN")) << find();
}

TEST_F(CredentialChainTest, AProgramIsRunWithoutAShell) {
  config_ = "[default]\ncredential_process = \"/opt/my keys/get\" --name 'a b' c\\ d \"\" $HOME;x\n";
  written_ = R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"S","Expiration":"2099-01-01T00:00:00Z"})";
  EXPECT_EQ(find(), "P/S/");
  EXPECT_EQ(ran_, (std::vector<std::string>{"/opt/my keys/get", "--name", "a b", "c d", "", "$HOME;x"}));
  EXPECT_EQ(told_, "the credential_process of profile default, /opt/my keys/get");
  for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"Version":2,"AccessKeyId":"P","SecretAccessKey":"S"})", "Unsupported version '2'"},
           {R"({"AccessKeyId":"P","SecretAccessKey":"S"})", "Unsupported version ''"},
           {R"({"Version":1,"AccessKeyId":"P"})", "SecretAccessKey is missing"},
           {R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"S","Expiration":"soon"})", "Expiration is no time"},
           {"", "it has printed nothing"},
           {" \n", "it has printed nothing"},
           {"secret-text", "the 11 bytes that it has printed are no JSON object"},
           {"[]", "are no JSON object"},
           {R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"S","SessionToken":"secret-text\n"})", "a line break"},
           {R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"S","Expiration":"2019-01-01T00:00:00Z"})",
            "the refreshed credentials are still expired: since 2019-01-01T00:00:00Z"}}) {
    written_ = text;
    EXPECT_TRUE(find().contains(why)) << text << ": " << find();
    EXPECT_TRUE(find().starts_with("credential_process /opt/my keys/get: ")) << find();
    EXPECT_FALSE(find().contains("secret-text")) << find();
  }
  written_ = std::unexpected("exit code 3: vault is sealed");
  EXPECT_TRUE(find().ends_with("exit code 3: vault is sealed"));
  config_ = "[default]\ncredential_process = 'open\n";
  EXPECT_TRUE(find().contains("a quote that does not end"));
}

}  // namespace
}  // namespace aws::client
