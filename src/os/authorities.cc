#include "os/authorities.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
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

// Whether one of the directories, with colons between them, has a certificate that OpenSSL finds: under its hash,
// "5ed36f99.0".
bool has_certificates(std::string_view directories) {
  constexpr std::size_t kHashDigits = 8;
  const auto is_hash = [](const std::string& name) {
    return name.size() > kHashDigits + 1 && name[kHashDigits] == '.' &&
           name.find_first_not_of("0123456789abcdef") == kHashDigits &&
           name.find_first_not_of("0123456789", kHashDigits + 1) == std::string::npos;
  };
  while (!directories.empty()) {
    const std::size_t end = std::min(directories.find(':'), directories.size());
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directories.substr(0, end), error))
      if (is_hash(entry.path().filename().string())) return true;
    directories.remove_prefix(std::min(end + 1, directories.size()));
  }
  return false;
}

// A bundle that somebody has named, a file or a directory.
std::expected<void, std::string> load(ssl_ctx_st* context, std::string_view named_by, const std::string& path) {
  std::error_code error;
  const bool is_directory = std::filesystem::is_directory(path, error);
  if (is_directory && !has_certificates(path))
    return std::unexpected(
        fmt::format("{}: there are no certificates under their hashes in {}: `openssl rehash` makes them, or name a "
                    "file",
                    named_by, path));
  const int loaded =
      is_directory ? SSL_CTX_load_verify_dir(context, path.c_str()) : SSL_CTX_load_verify_file(context, path.c_str());
  if (loaded == 1) return {};
  return std::unexpected(fmt::format("{}: cannot read certificates from {}: {}", named_by, path, error_text()));
}

// By their names or by links. What is not there is no other's.
bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || (std::filesystem::equivalent(a, b, error) && !error);
}

bool is_set(const char* name) {
  return !environment(name).value_or("").empty();
}

std::string value_or(const char* name, const char* otherwise) {
  return is_set(name) ? *environment(name) : otherwise;
}

}  // namespace

std::expected<void, std::string> trust_authorities(ssl_ctx_st* context, const std::string& ca_bundle) {
  if (const std::string bundle = environment("AWS_CA_BUNDLE").value_or(""); !bundle.empty())
    return load(context, "AWS_CA_BUNDLE", bundle);
  if (!ca_bundle.empty()) return load(context, "ca_bundle", ca_bundle);
  std::string looked;
  const std::string default_file = value_or(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  if (!is_set(X509_get_default_cert_file_env()) && !is_set(X509_get_default_cert_dir_env())) {
    for (const char* file : kFiles) {
      std::error_code error;
      if (std::filesystem::exists(file, error) && SSL_CTX_load_verify_file(context, file) == 1) return {};
      if (!is_same_file(file, default_file)) looked += fmt::format("{}, ", file);
    }
  }
  // OpenSSL takes it for success when there is nothing.
  (void)SSL_CTX_set_default_verify_paths(context);
  ERR_clear_error();
  const std::string directories = value_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  const bool has_file = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context))) > 0;
  if (has_file || has_certificates(directories)) return {};
  return std::unexpected(
      fmt::format("no certificates of authorities were found in {}{}, {}: install ca-certificates, or name a file of "
                  "them in AWS_CA_BUNDLE",
                  looked, default_file, directories));
}

}  // namespace os
