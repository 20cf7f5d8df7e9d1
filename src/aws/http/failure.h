// The codes of the errors by which a Transport's round trip fails. All have http_status 0 and fault receiver.
#pragma once

#include <string_view>

namespace aws::http {

// Nothing of the request has reached the server: no address, no connection, or one that broke before the first byte.
inline constexpr std::string_view kNotSent = "ConnectError";
// The request, or a part of it, was sent and no whole answer came back: whether it took effect is unknown.
inline constexpr std::string_view kConnectionLost = "ConnectionError";
inline constexpr std::string_view kTimedOut = "RequestTimeout";  // the time of the call is over, wherever it was spent

}  // namespace aws::http
