// Client: carries operations out over a network, against AWS or anything that speaks its protocols: encode, sign,
// send, retry, decode. The generated <Service>Caller classes put the typed interface on top:
// `aws::sqs::SqsCaller sqs(client);`. Owned by the composition root; safe from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/auth/signing_key_cache.h"
#include "aws/client/call_watch.h"
#include "aws/client/credentials.h"
#include "aws/client/endpoints.h"
#include "aws/client/retry.h"
#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/env.h"

namespace aws::client {

struct ClientOptions {
  Endpoints endpoints;
  RetryMode retry_mode = RetryMode::standard;
  // Attempts in total, 1 means no retry; none: as the mode and the service have it (retry.h). Every operation is tried
  // again if the server refused to begin with it (throttling, 503) or has nothing of it; only repeatable ones
  // (repeatable.h) also after other 5xx, lost connections, timeouts and replies that cannot be read.
  std::optional<int> attempts_max = {};
  base::Duration timeout = std::chrono::seconds(65);  // of one attempt; longer than the longest long poll
  // By which requests are signed; null: env's. Whoever verifies them has the wall clock, which env's clock does not
  // follow back. Outlives the client. A server whose Date is more than 4 minutes from it is believed, and
  // what it refused for that is sent once more, beyond the attempts.
  base::Clock* signing_clock = nullptr;
  CallWatch* watch = nullptr;  // null: nobody wants to know; outlives the client
};

class Client final : public Dispatcher {
 public:
  // The references outlive the client.
  Client(http::Transport& transport, CredentialProvider& provider, base::Env& env, ClientOptions options);

  base::Result<void> dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& context, void* in,
                              void* out) override;

  // Every call, also one that is under way, has come back by then (env's clock): no attempt begins later, and none
  // waits longer. For a function, which is killed at its deadline and has to say before what it did not get done.
  void give_up_at(base::Timestamp when) { give_up_at_ = when; }

 private:
  struct Attempt {
    base::Result<void> result;
    http::Headers answer;  // the head of the server's, if there is one
    // False: nothing could be sent, for want of credentials, and whoever gives those has been asked often enough.
    bool has_request = true;
  };
  Attempt attempt(const ServiceDesc& service, const OperationDesc& operation, const void* in, void* out,
                  base::Duration skew);
  [[nodiscard]] base::Duration time_left() const { return give_up_at_.load() - env_.clock.now(); }
  RetryQuota& quota_of(const ServiceDesc& service);
  base::Timestamp signing_time();
  bool corrects_skew(const http::Headers& answer, base::Duration signed_with);
  void fill_idempotency_tokens(const OperationDesc& operation, void* in);

  http::Transport& transport_;
  CredentialProvider& provider_;
  base::Env& env_;
  const ClientOptions options_;
  auth::SigningKeyCache signing_keys_;
  std::mutex mutex_;
  std::map<std::string, RetryQuota, std::less<>> quotas_;  // by ServiceDesc::id
  std::atomic<base::Timestamp> give_up_at_ = base::kTimestampMax;
  // To be added to the signing clock, as a server's Date has shown.
  std::atomic<base::Duration> skew_ = base::Duration();
};

}  // namespace aws::client
