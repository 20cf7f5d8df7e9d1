#include "cli/email_options.h"

#include <fmt/format.h>

#include "os/environment.h"

namespace cli {

std::expected<MailOptions, std::string> email_options(const std::optional<DefinitionFile>& file) {
  MailOptions out;
  if (!file.has_value()) return out;
  const pipeline::EmailSettings& email = file->definition.email;
  out.public_url = email.public_url;
  if (email.smtp.empty()) return out;
  out.from = email.from;
  out.server.url = email.smtp;
  out.server.starttls = email.starttls;
  out.server.user = os::environment("TILL_SMTP_USER").value_or("");
  out.server.password = os::environment("TILL_SMTP_PASSWORD").value_or("");
  if (out.server.user.empty() != out.server.password.empty())
    return std::unexpected(fmt::format(
        "{}: {} is set and {} is not: a mail server that knows us wants both, one that does not wants neither",
        file->origin_of("email.smtp"), out.server.user.empty() ? "TILL_SMTP_PASSWORD" : "TILL_SMTP_USER",
        out.server.user.empty() ? "TILL_SMTP_USER" : "TILL_SMTP_PASSWORD"));
  return out;
}

}  // namespace cli
