// Which subjects SNS takes (Publish: "Subjects must be UTF-8 text with no line breaks or control characters, and less
// than 100 characters long"): for who answers Publish, and for who makes subjects of texts of others. Pure; safe from
// any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aws::rules {

// 100 characters are taken, too, as SNS does, whatever its documentation says.
bool is_subject(std::string_view text);

// The beginning of the text, with '?' for what no subject may have. Characters beyond the first plane of Unicode count
// twice, since nobody says how SNS counts them. `text` must be UTF-8.
std::string as_subject(std::string_view text, std::size_t length_max = 99);

}  // namespace aws::rules
