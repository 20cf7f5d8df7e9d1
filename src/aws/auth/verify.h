// Verifier: decides whether a request comes from who it says, by SigV4 (presigned URLs of S3: by SigV2 too). The only
// maker of Authenticated, which the server's handlers demand, so that no route can skip it. Made by the server; safe
// from any thread. Rules: reference/reliability.md S1 to S10 and reference/protocols.md 1.5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/signing_key_cache.h"
#include "aws/context.h"
#include "aws/http/message.h"
#include "base/result.h"
#include "base/time.h"

namespace aws::auth {

struct Credential {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;                  // empty for long-term credentials
  std::optional<base::Timestamp> expiration;  // of temporary credentials
  Principal principal;
};

// Where the secrets are. Implemented by whoever issues credentials; safe from any thread.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual std::optional<Credential> find(std::string_view access_key_id) = 0;
  // Whom every unknown key stands for, where the operator wants that: its signature is not looked at, nor is a session
  // token beside a known long-term key. nullopt, as everywhere else: unknown keys are refused.
  virtual std::optional<Principal> anybody() { return std::nullopt; }
};

// What the signature says about the body. Only signed_body has been compared with the body by the Verifier; the
// streaming modes are for decode_chunked() (chunked.h), which must succeed before a byte of the body is used.
enum class PayloadMode {
  signed_body,
  unsigned_body,
  streaming_unsigned_trailer,
  streaming_signed,
  streaming_signed_trailer,
};

// A request's proven origin. Only a Verifier makes it; copies are as good.
class Authenticated {
 public:
  [[nodiscard]] const Principal& principal() const { return principal_; }
  [[nodiscard]] const std::string& access_key_id() const { return access_key_id_; }
  // False for the key of anybody(): no signature of it means anything.
  [[nodiscard]] bool is_verified() const { return is_verified_; }
  // Of the credential scope; empty for a presigned URL of SigV2, which has none.
  [[nodiscard]] const std::string& region() const { return region_; }
  [[nodiscard]] std::string_view date() const { return std::string_view(amz_date_).substr(0, 8); }
  [[nodiscard]] const std::string& amz_date() const { return amz_date_; }
  [[nodiscard]] const std::string& scope() const { return scope_; }
  [[nodiscard]] PayloadMode payload_mode() const { return payload_mode_; }
  // For the chain of chunk signatures.
  [[nodiscard]] const std::string& seed_signature() const { return seed_signature_; }
  [[nodiscard]] const SigningKey& signing_key() const { return signing_key_; }

 private:
  friend class AwaitedBody;
  friend class Verifier;
  Authenticated() = default;
  Principal principal_;
  bool is_verified_ = true;
  std::string access_key_id_, region_, amz_date_, scope_, seed_signature_;
  PayloadMode payload_mode_ = PayloadMode::signed_body;
  SigningKey signing_key_{};
};

// The origin of a request whose body is still to come: all is verified but the body itself. Only a Verifier makes it.
class AwaitedBody {
 public:
  // For the decoder of an aws-chunked body, which verifies what it decodes, and for nothing else.
  [[nodiscard]] const Authenticated& sender() const { return sender_; }
  // True if arrived() needs to know the body's hash.
  [[nodiscard]] bool needs_hash() const { return sender_.payload_mode() == PayloadMode::signed_body; }
  // The body is there, and `sha256` its hash in hex if that is needed. Fails if another was signed.
  [[nodiscard]] base::Result<Authenticated> arrived(std::string_view sha256) const;

 private:
  friend class Verifier;
  AwaitedBody() = default;
  Authenticated sender_;
  std::string signed_hash_;
};

class Verifier {
 public:
  explicit Verifier(CredentialSource& credentials) : credentials_(credentials) {}

  // Verifies the signature, in the Authorization header or in the query, never both, and everything it must cover:
  // host, every x-amz-* header, the body (UNSIGNED-PAYLOAD and STREAMING-* only for S3). `service` is the signing name
  // that the endpoint answers to; `now` is compared with X-Amz-Date (+-15 min for S3, +-5 min elsewhere) and must be
  // the time that clients know; `token_now`, by default the same, with the expiration of temporary credentials. Any
  // doubt is a failure, in the words of the service's family (failure.h).
  base::Result<Authenticated> verify(const http::Request& request, std::string_view service, base::Timestamp now,
                                     std::optional<base::Timestamp> token_now = std::nullopt);

  // The same before the body is there. nullopt: nothing is wrong so far, but the signature covers the body (of services
  // other than S3), so verify() has to decide.
  base::Result<std::optional<AwaitedBody>> verify_head(const http::Request& head, std::string_view service,
                                                       base::Timestamp now, base::Timestamp token_now);

  // To be called when a credential is disabled, deleted or rotated.
  void forget(std::string_view access_key_id) { signing_keys_.forget(access_key_id); }

 private:
  base::Result<AwaitedBody> verify_signature(const http::Request& request, std::string_view service,
                                             base::Timestamp now, base::Timestamp token_now,
                                             std::string_view body_hash);
  base::Result<Authenticated> verify_presigned_v2(const http::Request& request, base::Timestamp now,
                                                  base::Timestamp token_now);

  CredentialSource& credentials_;
  SigningKeyCache signing_keys_;
};

}  // namespace aws::auth
