// Credentials of a client: where they come from, fixed or fetched again before they expire, and the seams that the ways
// to them need. Owned by the composition root; providers are safe from any thread.
#pragma once

#include <condition_variable>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/sigv4.h"
#include "aws/client/endpoints.h"
#include "aws/client/shared_files.h"
#include "aws/http/message.h"
#include "base/env.h"

namespace aws::client {

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

struct ExpiringCredentials {
  auth::Credentials keys;
  std::optional<base::Timestamp> expires = {};  // none: never
};
using FetchCredentials = std::function<base::Result<ExpiringCredentials>()>;

// Fetches them when they are asked for first, and again 15 minutes before they expire, as botocore does. One caller
// fetches while the others go on with what is still good; where that fails it is tried again after a minute, and is
// an error once they have expired.
class RefreshedCredentials final : public CredentialProvider {
 public:
  // `env` outlives this object. `clock` too: by which expiry is judged, the wall clock.
  RefreshedCredentials(base::Env& env, base::Clock& clock, FetchCredentials fetch);
  base::Result<auth::Credentials> credentials() override;

 private:
  [[nodiscard]] bool is_good_for(base::Duration time) const;  // under the lock

  base::Clock& clock_;
  base::Executor& executor_;
  const FetchCredentials fetch_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::optional<ExpiringCredentials> current_;
  base::Timestamp next_try_ = base::Timestamp::min();
  bool fetching_ = false;
};

// What the ways to credentials reach. Its functions may be called from any thread.
struct Surroundings {
  base::Env& env;
  base::Clock& wall_clock;
  http::Transport& transport;
  // A variable of the environment; empty if it is not set.
  std::function<std::string(const std::string& name)> variable;
  // The whole of a file; nullopt if it cannot be read.
  std::function<std::optional<std::string>(const std::string& path)> read_file;
  // What the program wrote to its standard output; an error, for people, if it could not be run or failed. The first
  // argument is its name, looked for in PATH. `what` says to people what is waited for, where it takes long.
  std::function<std::expected<std::string, std::string>(const std::vector<std::string>& arguments,
                                                        const std::string& what)>
      run;
  const SharedFiles& files;
  const Endpoints& endpoints;  // of STS and SSO
};

// A control character, which no key or token has and no header of HTTP can carry: a line break, as a rule.
bool has_control(std::string_view text);

inline constexpr std::string_view kNoCredentials = "NoCredentials";
// A failure of ours, for people.
std::unexpected<base::AwsError> no_credentials(std::string message);

}  // namespace aws::client
