#include "os/authorities.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <filesystem>

#include "os/environment.h"

namespace os {
namespace {

// Debian, Alpine; Fedora, Amazon Linux; openSUSE; OpenELEC; newer Fedora; Alpine, BSD. Source: what distributions
// document, as Go's crypto/x509 gathers it (root_linux.go).
constexpr std::array<const char*, 6> kFiles{
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

std::string error_text() {
  std::string text(256, '\0');
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return text.c_str();
}

bool load(ssl_ctx_st* context, const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? SSL_CTX_load_verify_dir(context, path.c_str()) == 1
                                                    : SSL_CTX_load_verify_file(context, path.c_str()) == 1;
}

bool is_set(const char* name) {
  return !environment(name).value_or("").empty();
}

}  // namespace

std::expected<void, std::string> trust_authorities(ssl_ctx_st* context, const std::string& ca_bundle) {
  if (const std::string bundle = environment("AWS_CA_BUNDLE").value_or(""); !bundle.empty()) {
    if (load(context, bundle)) return {};
    return std::unexpected(fmt::format("AWS_CA_BUNDLE: cannot read certificates from {}: {}", bundle, error_text()));
  }
  if (!ca_bundle.empty()) {
    if (load(context, ca_bundle)) return {};
    return std::unexpected(fmt::format("ca_bundle: cannot read certificates from {}: {}", ca_bundle, error_text()));
  }
  std::string looked;
  if (!is_set(X509_get_default_cert_file_env()) && !is_set(X509_get_default_cert_dir_env())) {
    for (const char* file : kFiles) {
      std::error_code error;
      if (std::filesystem::exists(file, error) && load(context, file)) return {};
      looked += fmt::format("{}, ", file);
    }
    ERR_clear_error();
  }
  if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
  return std::unexpected(fmt::format("no certificates of authorities can be read ({}{}): {}", looked,
                                     X509_get_default_cert_file(), error_text()));
}

}  // namespace os
