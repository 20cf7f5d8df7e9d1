#include "engine/sts/credential_record.h"

#include "engine/record.h"

namespace engine::sts {
namespace {

enum Field : uint32_t {
  kAccessKeyId = 1,
  kSecret = 2,
  kToken = 3,
  kExpiration = 4,
  kPrincipalKind = 5,  // 0 root, 1 role
  kAccount = 6,
  kPrincipalArn = 7,
  kUserId = 8,
};

}  // namespace

std::string encode_credential(const aws::auth::Credential& credential) {
  const aws::Principal& principal = credential.principal;
  RecordWriter writer;
  writer.text(kAccessKeyId, credential.access_key_id).text(kSecret, credential.secret_access_key);
  writer.text(kToken, credential.session_token);
  if (credential.expiration) writer.time(kExpiration, *credential.expiration);
  writer.number(kPrincipalKind, principal.kind == aws::Principal::Kind::role ? 1 : 0);
  writer.text(kAccount, principal.account).text(kPrincipalArn, principal.arn).text(kUserId, principal.user_id);
  return writer.take();
}

std::optional<aws::auth::Credential> decode_credential(std::string_view bytes) {
  aws::auth::Credential out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kAccessKeyId:
        out.access_key_id = reader.text();
        break;
      case kSecret:
        out.secret_access_key = reader.text();
        break;
      case kToken:
        out.session_token = reader.text();
        break;
      case kExpiration:
        out.expiration = reader.time();
        break;
      case kPrincipalKind:
        out.principal.kind = reader.number() == 1 ? aws::Principal::Kind::role : aws::Principal::Kind::root;
        break;
      case kAccount:
        out.principal.account = reader.text();
        break;
      case kPrincipalArn:
        out.principal.arn = reader.text();
        break;
      case kUserId:
        out.principal.user_id = reader.text();
        break;
      default:
        break;
    }
  }
  if (!reader.ok() || out.access_key_id.empty() || !out.expiration) return std::nullopt;
  return out;
}

}  // namespace engine::sts
