// URLs as they may be shown: messages, logs and lists are read by others than those who know a password. Pure
// functions.
#pragma once

#include <string>
#include <string_view>

namespace aws::http {

// The URL with *** for its user and password, also where it is not well formed.
std::string without_user(std::string_view url);

// The URL of a webhook as SNS shows it: with **** for its password, and the user as it is. Whatever else comes back as
// it is.
std::string with_hidden_password(std::string_view url);

// Why parse_endpoint() refuses a URL: it, and what is wrong with it or how one is written; for people.
std::string why_no_endpoint(std::string_view url);

}  // namespace aws::http
