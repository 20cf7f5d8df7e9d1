// Texts as header fields compare: what signatures, chunked bodies and policies all do with them. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace aws::auth {

// Of ASCII letters; all else stays as it is.
std::string lower_case(std::string_view text);

// Without spaces and tabs at both ends. A part of `text`, and good as long.
std::string_view trim(std::string_view text);

}  // namespace aws::auth
