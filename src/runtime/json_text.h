// The little JSON that the Lambda contract needs to write: strings, and the error document that travels between a
// runtime and the service. Reading JSON is left to the codecs. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace runtime {

// Appends `text` to `out` as a quoted JSON string. All control characters (C0, DEL and C1, so that no terminal escape
// survives) are written as \u00XX; bytes that are not UTF-8 become U+FFFD. The result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// {"errorType":...,"errorMessage":...}: what an invoker receives for a failure that the service itself found, in the
// key order of recorded responses (reference/protocols.md, 4.4 item 13).
std::string service_error_document(std::string_view error_type, std::string_view error_message);

}  // namespace runtime
