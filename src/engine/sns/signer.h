// Signer: the RSA key with which SNS signs notifications, and its certificate. Made at the first use over a store and
// kept there; whoever makes it waits until it is durable before signing. Immutable, safe from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/kv_store.h"

namespace engine::sns {

class Signer {
 public:
  // Loads the key pair from `store`; makes one of 2048 bits and writes it, as written() says, if there is none. The
  // certificate is self-signed and valid for ten years from `now`. Takes some tenths of a second the first time;
  // nullptr if `abandon` has become true meanwhile.
  static std::unique_ptr<Signer> open(store::KvStore& store, base::Timestamp now, const std::atomic<bool>& abandon);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  [[nodiscard]] store::CommitSequence written() const { return written_; }
  static constexpr std::string_view kCertificatePrefix = "SimpleNotificationService-";

  // RSA PKCS #1 v1.5 in base64 over SHA-1 (version "1") or SHA-256 ("2").
  [[nodiscard]] std::string sign(std::string_view text, std::string_view version) const;
  [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
  // "SimpleNotificationService-<32 hex digits>.pem", the last part of SigningCertURL.
  [[nodiscard]] const std::string& certificate_name() const { return certificate_name_; }

 private:
  Signer() = default;

  std::shared_ptr<void> key_;  // an EVP_PKEY
  store::CommitSequence written_ = 0;
  std::string certificate_pem_;
  std::string certificate_name_;
};

}  // namespace engine::sns
