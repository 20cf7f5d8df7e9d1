// The certificate authorities that this machine trusts, wherever its distribution keeps them: a program built on one
// has the place of that one inside OpenSSL.
#pragma once

#include <expected>
#include <string>

struct ssl_ctx_st;

namespace os {

// Makes `context` trust the authorities in the first of these that is there: AWS_CA_BUNDLE (a file or a directory, as
// of the AWS CLI); `ca_bundle`, the same, if it is not empty; SSL_CERT_FILE and SSL_CERT_DIR (OpenSSL's); the files
// where distributions keep them; OpenSSL's own default. The error, for people, names what cannot be read, or all that
// was looked at and held no certificate, and what to do.
std::expected<void, std::string> trust_authorities(ssl_ctx_st* context, const std::string& ca_bundle);

}  // namespace os
