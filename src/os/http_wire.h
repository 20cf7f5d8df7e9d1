// What the server decides without a socket: which requests it admits to a handler, and the bytes of a reply's head.
// Pure functions over values, safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http/message.h"
#include "os/http_parser.h"

namespace os {

// Names under which a server may be addressed. A page in a browser can point a name of its own at 127.0.0.1 (DNS
// rebinding); it cannot forge Host, so a request for a foreign name is refused.
struct AllowedHosts {
  // The last is a public name of 127.0.0.1, whose owner is not among those who would rebind it: LocalStack's users have
  // it in their settings.
  std::vector<std::string> names = {"127.0.0.1", "localhost", "[::1]", "localhost.localstack.cloud"};
  // SDKs that are redirected by a proxy or by /etc/hosts keep the service's own name.
  std::vector<std::string> suffixes = {".localhost", ".amazonaws.com", ".api.aws", ".localhost.localstack.cloud"};
  bool any_address = false;   // any IP address in figures: no page can have one for a name of its own
  bool any = false;           // no check at all, for listeners that only child processes know
  bool refuse_origin = true;  // refuse requests that a browser marks as made by a page
  // Those that pages may make all the same, because their handler knows what a page may (function URLs with CORS).
  std::function<bool(const aws::http::Request&)> open_to_pages = {};
};

// Reduces an absolute-form target to its path, and says why a request is not for a handler: 400 for a missing or
// doubled Host or a target that is no path on it, 403 for a foreign Host or an Origin, 417 for an unknown Expect.
std::optional<Refusal> admit(aws::http::Request& request, const AllowedHosts& hosts);

bool expects_continue(const aws::http::Request& request);

struct ReplyFraming {
  bool to_head = false;      // the request was HEAD: a length but no body
  bool is_http_1_0 = false;  // a kept connection has to be announced
  bool close = false;
  std::string_view date = {};  // RFC 9110 section 6.6.1, for replies that have none of their own
};

// Appends status line, fields and the empty line. The server alone frames a reply: Connection and Transfer-Encoding of
// the handler are dropped, and so is Content-Length, except in a reply to HEAD, where it tells the size of a body that
// is not there. Control characters in a field become spaces, so that no value can start a field of its own.
void append_reply_head(std::string& out, const aws::http::Response& response, uint64_t body_bytes,
                       const ReplyFraming& framing);

// True for replies that have no body by definition (1xx, 204, 304).
bool is_bodiless(int status);

}  // namespace os
