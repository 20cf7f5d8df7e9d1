// Connection: what a command reaches services by, once it is known where they are: credentials, endpoints, retries and
// the client over them. Owned by a Session; safe from any thread once made.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "aws/client/client.h"
#include "aws/client/credential_chain.h"
#include "cli/answer_watch.h"
#include "cli/root_credentials.h"
#include "cli/settings.h"
#include "os/env.h"
#include "os/http_transport.h"

namespace cli {

// By the proxies of the environment and the profile's ca_bundle, unless the command works with an engine of this
// machine's. The error is for people.
std::expected<std::unique_ptr<os::HttpTransport>, std::string> make_transport(const GlobalOptions& options,
                                                                              const Places& places);

class Connection {
 public:
  struct Target {
    std::string url;       // of an engine, or "aws"
    bool is_ours = false;  // an engine of ours, which has the root `root`; another one may have the same
    RootCredentials root;
  };
  struct Error {
    std::string message;  // for people
    bool is_usage = false;
  };
  // Whether the region can be that of AWS, or of an engine.
  static std::expected<void, Error> check_region(const std::string& region, bool is_aws);
  // Finds the credentials, too, and asks for them once. All references outlive the connection.
  static std::expected<std::unique_ptr<Connection>, Error> make(os::SystemEnv& system, os::HttpTransport& transport,
                                                                const GlobalOptions& options, const Places& places,
                                                                const Target& target);

  aws::client::Client& client() { return *client_; }
  [[nodiscard]] const std::string& region() const { return client_options_.endpoints.region; }
  // Of the credentials that were found, which are asked for anew where they expire.
  [[nodiscard]] std::string access_key_id() const;
  // That all services share; nullopt: AWS.
  [[nodiscard]] const std::optional<aws::http::Endpoint>& endpoint() const { return client_options_.endpoints.all; }

 private:
  Connection(os::SystemEnv& system, os::HttpTransport& transport, const GlobalOptions& options, const Places& places);
  [[nodiscard]] std::expected<void, Error> find_profile(const Target& target) const;
  [[nodiscard]] bool has_keys() const;  // in the environment, where they count
  std::expected<void, Error> find_endpoints(const Target& target);
  std::expected<void, Error> find_credentials(const Target& target);

  const bool has_profile_flag_;
  const Setting endpoint_setting_;
  const NamedProfile profile_;
  os::SystemEnv& system_;
  AnswerWatch answer_watch_;
  aws::client::ClientOptions client_options_;
  const aws::client::Surroundings surroundings_;
  std::shared_ptr<aws::client::CredentialProvider> provider_;
  std::unique_ptr<aws::client::Client> client_;
};

}  // namespace cli
