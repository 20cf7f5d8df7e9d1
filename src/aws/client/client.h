// Client: carries operations out over a network, against AWS or anything that speaks its protocols: encode, sign,
// send, retry, decode. The generated <Service>Caller classes put the typed interface on top:
// `aws::sqs::SqsCaller sqs(client);`. Owned by the composition root; safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/auth/signing_key_cache.h"
#include "aws/auth/sigv4.h"
#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/env.h"

namespace aws::client {

// Where credentials come from: fixed, or read again when they expire.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  virtual base::Result<auth::Credentials> credentials() = 0;
};

class FixedCredentials final : public CredentialProvider {
 public:
  explicit FixedCredentials(auth::Credentials credentials) : credentials_(std::move(credentials)) {}
  base::Result<auth::Credentials> credentials() override { return credentials_; }

 private:
  const auth::Credentials credentials_;
};

struct ClientOptions {
  std::string region = "us-east-1";
  // One endpoint for every service (AWS_ENDPOINT_URL). Without it each service is found at
  // https://<prefix>.<region>.amazonaws.com.
  std::optional<http::Endpoint> endpoint;
  // Attempts in total, 1 means no retry. Every operation is tried again if the server refused to begin with it
  // (throttling, 503) or has nothing of it; only repeatable ones (repeatable.h) also after other 5xx, lost connections,
  // timeouts and replies that cannot be read. Full jitter: rand(0, min(1 s, 25 ms * 2^n)).
  int attempts_max = 3;
  base::Duration timeout = std::chrono::seconds(65);  // of one attempt; longer than the longest long poll
  // By which requests are signed; null: env's. Whoever verifies them has the wall clock, which env's clock does not
  // follow back. Outlives the client.
  base::Clock* signing_clock = nullptr;
};

class Client final : public Dispatcher {
 public:
  // The references outlive the client.
  Client(http::Transport& transport, CredentialProvider& provider, base::Env& env, ClientOptions options);

  base::Result<void> dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& context, void* in,
                              void* out) override;

 private:
  base::Result<void> attempt(const ServiceDesc& service, const OperationDesc& operation, const void* in, void* out);
  void back_off(int attempt);
  void fill_idempotency_tokens(const OperationDesc& operation, void* in);

  http::Transport& transport_;
  CredentialProvider& provider_;
  base::Env& env_;
  const ClientOptions options_;
  auth::SigningKeyCache signing_keys_;
};

// The public endpoint of a service in a region (IAM is global).
http::Endpoint public_endpoint(const ServiceDesc& service, std::string_view region);

}  // namespace aws::client
