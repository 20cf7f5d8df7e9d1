// HttpTransport: aws::http::Transport over sockets. Blocks the calling thread and keeps idle connections per endpoint
// for the next call. The composition root owns it; all members are safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "aws/http/message.h"
#include "os/proxy.h"

namespace os {

struct HttpTransportOptions {
  std::chrono::milliseconds connect_timeout{3'000};  // TLS handshake included; the call's own timeout holds too
  // A kept connection is used again for so long. Common servers close theirs after 5 s and more (ours after 60 s), and
  // a request that meets the closing one on its way is lost without a word of whether it was read.
  std::chrono::milliseconds idle_timeout{4'000};
  std::size_t idle_per_endpoint_max = 64;
  std::size_t idle_max = 256;  // over all endpoints
  uint64_t response_body_bytes_max = 256 * 1024 * 1024;
  // Authorities to trust in the place of the machine's, a file or a directory of PEM (the AWS CLI's ca_bundle);
  // AWS_CA_BUNDLE wins over it. Empty: none.
  std::string ca_bundle = {};
  Proxies proxies = {};
  std::string ca_file = {};  // PEM, trusted beside the system's authorities; empty: those alone
};

class HttpTransport final : public aws::http::Transport {
 public:
  // Fails if `ca_file` is not empty and cannot be used. Everything else that TLS needs is made, and may fail, with the
  // first call to an endpoint that has it.
  static std::expected<std::unique_ptr<HttpTransport>, std::string> make(const HttpTransportOptions& options = {});
  ~HttpTransport() override;

  // As the interface says. A kept connection that shows its end, or breaks before it took a byte, is replaced by a new
  // one; what was sent, in part even, is never sent again: the caller knows whether that would do harm. Expect is never
  // sent; a request that has no valid form on the wire fails before anything is sent.
  base::Result<aws::http::Response> round_trip(const aws::http::Endpoint& endpoint, aws::http::Request request,
                                               base::Duration timeout) override;
  // As the interface says, within a fifth of a second; but the system's resolver, once asked, takes its time.
  void cancel() override;

 private:
  class Core;
  explicit HttpTransport(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace os
