#include "os/http_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace os {
namespace {

using aws::http::equal_ignoring_case;

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_port(std::string_view text) {
  return text.empty() || (text.size() >= 2 && text.size() <= 6 && text[0] == ':' &&
                          text.find_first_not_of("0123456789", 1) == text.npos);
}

// 192.0.2.1, [2001:db8::1]
bool is_address(std::string_view name) {
  const bool v6 = name.starts_with('[') && name.ends_with(']');
  const std::string text(v6 ? name.substr(1, name.size() - 2) : name);
  unsigned char bytes[sizeof(in6_addr)];
  return text.find('\0') == text.npos && ::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes) == 1;
}

bool is_allowed(std::string_view authority, const AllowedHosts& hosts) {
  const std::string_view name = without_port(authority);
  if (!is_port(authority.substr(name.size()))) return false;
  const auto equals = [name](const std::string& allowed) { return equal_ignoring_case(name, allowed); };
  const auto ends = [name](const std::string& suffix) {
    return name.size() > suffix.size() && equal_ignoring_case(name.substr(name.size() - suffix.size()), suffix);
  };
  return std::ranges::any_of(hosts.names, equals) || std::ranges::any_of(hosts.suffixes, ends) ||
         (hosts.any_address && is_address(name));
}

// False if the target is neither a path nor an absolute URL on `host`.
bool reduce_target(std::string& target, std::string_view host) {
  if (target.starts_with('/')) return true;
  const std::string_view text = target;
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return false;
  if (!equal_ignoring_case(text.substr(0, scheme), "http") && !equal_ignoring_case(text.substr(0, scheme), "https")) {
    return false;
  }
  const std::size_t start = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?", start), text.size());
  if (!equal_ignoring_case(text.substr(start, end - start), host)) return false;
  std::string path = target.substr(end);
  target = path.starts_with('/') ? std::move(path) : "/" + path;
  return true;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

void append_clean(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out.append(text);
  for (std::size_t i = start; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) [[unlikely]]
      out[i] = ' ';
  }
}

void append_number(std::string& out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// By length first, because this runs for every field of every reply.
bool is_framing(std::string_view name) {
  return (name.size() == 10 && equal_ignoring_case(name, "Connection")) ||
         (name.size() == 10 && equal_ignoring_case(name, "Keep-Alive")) ||
         (name.size() == 17 && equal_ignoring_case(name, "Transfer-Encoding"));
}

}  // namespace

std::optional<Refusal> admit(aws::http::Request& request, const AllowedHosts& hosts) {
  const std::string* host = nullptr;
  bool of_page = false;
  for (const auto& [name, value] : request.headers.fields()) {
    switch (name.size()) {
      case 4:
        if (!equal_ignoring_case(name, "Host")) break;
        if (host != nullptr) return Refusal{400, "More than one Host."};
        host = &value;
        break;
      case 6:
        if (equal_ignoring_case(name, "Expect") && !equal_ignoring_case(value, "100-continue")) {
          return Refusal{417, "Unknown expectation."};
        }
        of_page = of_page || equal_ignoring_case(name, "Origin");
        break;
      default:
        break;
    }
  }
  if (host == nullptr) return Refusal{400, "Host is missing."};
  if (!reduce_target(request.target, *host)) return Refusal{400, "The request target is not a path on this host."};
  if (!hosts.any && !is_allowed(*host, hosts)) return Refusal{403, "This server is not known by that Host."};
  if (of_page && hosts.refuse_origin && !(hosts.open_to_pages && hosts.open_to_pages(request))) {
    return Refusal{403, "Requests from web pages are refused."};
  }
  return std::nullopt;
}

bool expects_continue(const aws::http::Request& request) {
  return request.headers.contains("Expect");
}

bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

void append_reply_head(std::string& out, const aws::http::Response& response, uint64_t body_bytes,
                       const ReplyFraming& framing) {
  // Only 200 is worth a shortcut; it is nearly every reply.
  if (response.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<uint64_t>(response.status));
    out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  }
  bool has_length = is_bodiless(response.status);
  bool has_date = framing.date.empty();
  for (const auto& [name, value] : response.headers.fields()) {
    if (is_framing(name)) continue;
    if (name.size() == 14 && equal_ignoring_case(name, "Content-Length")) {
      if (!framing.to_head || has_length) continue;
      has_length = true;
    }
    has_date = has_date || equal_ignoring_case(name, "Date");
    append_clean(out, name);
    out.append(": ");
    append_clean(out, value);
    out.append("\r\n");
  }
  if (!has_date) out.append("Date: ").append(framing.date).append("\r\n");
  if (!has_length) {
    out.append("Content-Length: ");
    append_number(out, body_bytes);
    out.append("\r\n");
  }
  if (framing.close) {
    out.append("Connection: close\r\n");
  } else if (framing.is_http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace os
