// The form of temporary credentials in the store. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/verify.h"

namespace engine::sts {

std::string encode_credential(const aws::auth::Credential& credential);
std::optional<aws::auth::Credential> decode_credential(std::string_view bytes);  // nullopt: not a record

}  // namespace engine::sts
