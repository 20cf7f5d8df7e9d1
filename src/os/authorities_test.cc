#include "os/authorities.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace os {
namespace {

namespace fs = std::filesystem;

class AuthoritiesTest : public testing::Test {
 protected:
  AuthoritiesTest() {
    fs::create_directories(directory_);
    forget_variables();
  }
  ~AuthoritiesTest() override {
    forget_variables();
    fs::remove_all(directory_);
  }
  static void forget_variables() {
    for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}) ::unsetenv(name);
  }
  // "" or the error.
  static std::string trust(const std::string& ca_bundle = "") {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    const auto trusted = trust_authorities(context, ca_bundle);
    SSL_CTX_free(context);
    return trusted.has_value() ? "" : trusted.error();
  }
  void write(const std::string& name, const std::string& text = "") const { std::ofstream(directory_ / name) << text; }

  const fs::path directory_ = fs::temp_directory_path() / ("till-authorities-test-" + std::to_string(::getpid()));
};

// OpenSSL would verify against nothing, and say of every server that its issuer is unknown.
TEST_F(AuthoritiesTest, NoneAtAllIsToldWithWhereTheyWereLookedFor) {
  ::setenv("SSL_CERT_FILE", "/nope", 1);
  ::setenv("SSL_CERT_DIR", (directory_.string() + ":/nope.d").c_str(), 1);
  const std::string places = "/nope, " + directory_.string() + ":/nope.d";
  EXPECT_EQ(trust(), "no certificates of authorities were found in " + places +
                         ": install ca-certificates, or name a file of them in AWS_CA_BUNDLE");
  write("ca.pem", "is not under its hash");
  write("5ed36f99.r0", "is a list of what was revoked");
  EXPECT_NE(trust(), "");
  write("5ed36f99.0");
  EXPECT_EQ(trust(), "");
}

TEST_F(AuthoritiesTest, ANamedBundleThatHoldsNoneIsNamed) {
  const std::string empty = "there are no certificates under their hashes in " + directory_.string();
  EXPECT_TRUE(trust(directory_).starts_with("ca_bundle: " + empty)) << trust(directory_);
  ::setenv("AWS_CA_BUNDLE", directory_.c_str(), 1);
  EXPECT_TRUE(trust().starts_with("AWS_CA_BUNDLE: " + empty)) << trust();
  write("5ed36f99.12");
  EXPECT_EQ(trust(), "");
  write("empty.pem");
  for (const fs::path& file : {directory_ / "empty.pem", directory_ / "absent.pem"}) {
    ::setenv("AWS_CA_BUNDLE", file.c_str(), 1);
    EXPECT_TRUE(trust().starts_with("AWS_CA_BUNDLE: cannot read certificates from " + file.string())) << trust();
  }
}

}  // namespace
}  // namespace os
