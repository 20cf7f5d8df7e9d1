// The codes of the errors by which a Transport's round trip fails. All have http_status 0 and fault receiver.
#pragma once

#include <string_view>

namespace aws::http {

// Nothing of the request has reached the server, and nobody is there: no address, no connection, or one that broke
// before the first byte.
inline constexpr std::string_view kNotSent = "ConnectError";
// Nothing of the request has reached the server, but somebody is there, or we are at fault: a certificate that is not
// trusted, a proxy that refuses.
inline constexpr std::string_view kNoHandshake = "HandshakeError";
// Nothing of the request was sent, nor can be: it has no form on the wire.
inline constexpr std::string_view kUnsendable = "InvalidRequest";
// The request, or a part of it, was sent and no whole answer came back: whether it took effect is unknown.
inline constexpr std::string_view kConnectionLost = "ConnectionError";
inline constexpr std::string_view kTimedOut = "RequestTimeout";  // the time of the call is over, wherever it was spent

// Whether a round trip that has failed with this code is as good as none.
constexpr bool nothing_was_sent(std::string_view code) {
  return code == kNotSent || code == kNoHandshake || code == kUnsendable;
}

}  // namespace aws::http
