// Which addresses SNS takes as the endpoint of an e-mail subscription: for who answers Subscribe, and for who wants to
// know beforehand. Pure; safe from any thread.
#pragma once

#include <string_view>

namespace aws::rules {

// One address as far as its form tells: printable ASCII without blanks, commas and angle brackets, one '@' with
// something on either side, at most 320 bytes.
bool is_mail_address(std::string_view text);

}  // namespace aws::rules
