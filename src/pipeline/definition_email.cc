// The section [email] of the definition file.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "aws/http/message.h"
#include "aws/rules/mail_address.h"
#include "pipeline/definition_section.h"

namespace pipeline {
namespace {

constexpr std::string_view kPlain = "smtp://";
constexpr std::string_view kEncrypted = "smtps://";
constexpr uint16_t kSubmissionPort = 587;   // RFC 6409
constexpr uint16_t kSubmissionsPort = 465;  // RFC 8314

struct Place {
  std::string host;  // of IPv6 in brackets
  uint16_t port = 0;

  [[nodiscard]] bool is_loopback() const {
    const std::string_view bare = host;
    return aws::http::is_loopback(bare.starts_with('[') ? bare.substr(1, bare.size() - 2) : bare);
  }
};

// "host", "host:port", "[::1]:port".
std::optional<Place> parse_place(std::string_view text, uint16_t otherwise) {
  constexpr std::string_view kHost = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  Place out{.host = {}, .port = otherwise};
  std::size_t end = text.starts_with('[') ? text.find(']') : text.find_first_not_of(kHost);
  if (text.starts_with('[')) {
    if (end == text.npos || text.substr(1, end - 1).find_first_not_of("0123456789abcdefABCDEF:.") != text.npos)
      return std::nullopt;
    ++end;
  }
  out.host = text.substr(0, end);
  std::string_view rest = text.substr(out.host.size());
  if (out.host.empty() || out.host == "[]") return std::nullopt;
  if (rest.empty()) return out;
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  if (error != std::errc() || stop != rest.data() + rest.size() || out.port == 0) return std::nullopt;
  return out;
}

bool is_sender(std::string_view text) {
  return aws::rules::is_mail_address(text) && text.find_first_of(";:\"()[]\\") == text.npos;
}

// What is said of a wrong URL never repeats it: there may be a password in it.
std::optional<Place> read_server(DefinitionSection& section, EmailSettings& email) {
  const auto url = section.text("smtp");
  if (!url.has_value()) return std::nullopt;
  const bool encrypted = url->starts_with(kEncrypted);
  if (!encrypted && !url->starts_with(kPlain)) {
    section.fault_at("smtp", "must begin with smtp:// or smtps://, as in \"smtp://mail.example.com:587\"");
    return std::nullopt;
  }
  std::string_view rest = std::string_view(*url).substr((encrypted ? kEncrypted : kPlain).size());
  if (rest.find('@') != rest.npos) {
    section.fault_at("smtp",
                     "has a user or a password in it, which belong into the environment: TILL_SMTP_USER and "
                     "TILL_SMTP_PASSWORD");
    return std::nullopt;
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  auto place = parse_place(rest, encrypted ? kSubmissionsPort : kSubmissionPort);
  if (!place.has_value()) {
    section.fault_at("smtp", "must be a host and perhaps a port, as in \"smtp://mail.example.com:587\"");
    return std::nullopt;
  }
  email.smtp = fmt::format("{}{}:{}", encrypted ? kEncrypted : kPlain, place->host, place->port);
  return place;
}

// As a link begins: without a path, and without a user.
bool is_public_url(std::string_view url) {
  return aws::http::parse_endpoint(url).has_value() && url.find_first_of("@?#\" <>") == url.npos;
}

}  // namespace

EmailSettings read_email(DefinitionSection& section) {
  EmailSettings email;
  const auto place = read_server(section, email);
  const bool encrypted = email.smtp.starts_with(kEncrypted);
  const bool loopback = place.has_value() && place->is_loopback();
  email.from = section.text("from").value_or("");
  if (section.has("smtp") && !section.has("from"))
    section.fault_at("from", "is missing: whose address are mails from?");
  if (section.has("from") && !is_sender(email.from))
    section.fault_at("from", "is no address, such as \"shop@example.com\"");
  email.starttls = section.boolean("starttls", !encrypted && !loopback);
  if (!section.has("smtp") && (section.has("from") || section.has("starttls")))
    section.fault_at("smtp", "is missing: which server takes the mails? Without one they stay in the outbox");
  if (encrypted && email.starttls)
    section.fault_at("starttls", "is for smtp://; with smtps:// the connection is encrypted from its beginning");
  if (place.has_value() && !encrypted && !loopback && !email.starttls)
    section.fault_at("starttls",
                     "is false, which is for a server on this machine: mails and password would travel unencrypted");
  email.public_url = section.text("public_url").value_or("");
  if (section.has("public_url") && !is_public_url(email.public_url))
    section.fault_at("public_url", "must be http:// or https://, a host and perhaps a port, and no path");
  while (email.public_url.ends_with('/')) email.public_url.pop_back();
  return email;
}

}  // namespace pipeline
