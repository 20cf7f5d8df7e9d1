// How the definition's [email] becomes what an engine is given, with the secrets of the environment: TILL_SMTP_USER and
// TILL_SMTP_PASSWORD. Safe from any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "cli/definition_file.h"
#include "cli/outgoing_mail.h"

namespace cli {

// Without a file or without [email]: mails stay in the outbox. The error is one sentence for people.
std::expected<MailOptions, std::string> email_options(const std::optional<DefinitionFile>& file);

}  // namespace cli
