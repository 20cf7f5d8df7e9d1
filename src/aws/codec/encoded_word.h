// RFC 2047: how text that is not ASCII travels in a header. S3 decodes the values of user metadata before it stores
// them and encodes them in its answers (S3 User Guide, "User-defined object metadata"). Pure functions, safe from any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace aws::codec {

// The text of a header's value, in UTF-8. Encoded words ("=?UTF-8?Q?caf=C3=A9?=") that stand alone between blanks are
// decoded; one with an unknown charset or a wrong encoding is text like any other. Bytes that are not UTF-8 are taken
// for ISO-8859-1.
std::string decode_words(std::string_view value);

// The other way: printable ASCII as it is, anything else as encoded words of at most 75 characters, in the form Q where
// most of it is ASCII and in B otherwise. The result is printable ASCII: nothing in it could end a header.
std::string encode_words(std::string_view text);

}  // namespace aws::codec
