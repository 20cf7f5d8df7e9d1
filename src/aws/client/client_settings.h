// ClientSettings: what the environment and a profile say of how a client retries and where it finds services, under the
// AWS CLI's names. Pure functions over what the caller has read. Source: AWS SDKs and Tools Reference Guide, "Retry
// behavior", "Service-specific endpoints", "Dual-stack and FIPS endpoints".
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>

#include "aws/client/client.h"
#include "aws/client/shared_files.h"

namespace aws::client {

struct ClientSettings {
  // A variable of the environment; empty if it is not set.
  std::function<std::string(const std::string& name)> variable;
  const SharedFiles::Section* profile = nullptr;        // null: none
  const SharedFiles::Section* own_endpoints = nullptr;  // the section [services] that the profile names; null: none

  // AWS_RETRY_MODE or retry_mode, AWS_MAX_ATTEMPTS or max_attempts. The error, for people, names what is wrong; mode
  // `adaptive` is, which this client has not.
  std::expected<void, std::string> set_retries(ClientOptions& options) const;
  // AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the profile's keys.
  std::expected<void, std::string> set_variants(Endpoints& endpoints) const;
  // AWS_ENDPOINT_URL_<SERVICE> or the profile's `services`, for each of these services and SSO.
  std::expected<void, std::string> set_own_endpoints(std::span<const ServiceDesc* const> services,
                                                     Endpoints& endpoints) const;
  // AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or ignore_configured_endpoint_urls is true. What is no truth value is told by
  // set_own_endpoints.
  [[nodiscard]] bool ignores_endpoints() const;

 private:
  struct Value {
    std::string text;
    std::string name;  // of the variable or the key
  };
  [[nodiscard]] Value value(const std::string& variable_name, const std::string& key) const;
  [[nodiscard]] std::expected<bool, std::string> flag(const std::string& variable_name, const std::string& key) const;
};

}  // namespace aws::client
