// Claim: what a request says about its own signature, read but not yet believed. Used by the Verifier only. Plain
// values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aws/auth/failure.h"
#include "aws/http/message.h"
#include "base/result.h"

namespace aws::auth {

struct Claim {
  enum class Carrier { header, query };
  Carrier carrier = Carrier::header;
  std::string access_key_id;
  std::string date, region, service;   // of the credential scope; the terminator is checked already
  std::string signed_headers;          // lower case, strictly ascending, contains host
  std::string signature;               // 64 lower case hex digits
  std::string amz_date;                // 20240102T030405Z
  base::Timestamp time;                // the same
  std::string security_token;          // empty if absent
  std::optional<int> expires_seconds;  // presigned: 1 to 604800; S3 always has it
  std::string content_sha256;          // presigned: the X-Amz-Content-Sha256 parameter, or empty
};

// Reads the Authorization header or the query of a presigned URL, whichever is there; both, or neither, is an error.
// The form of everything is checked, and that the scope's date is that of X-Amz-Date.
base::Result<Claim> read_claim(const http::Request& request, ErrorFamily family);

}  // namespace aws::auth
