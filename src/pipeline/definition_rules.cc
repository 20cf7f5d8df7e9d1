// The section [[rules]] of the definition file.
#include <fmt/format.h>

#include <algorithm>

#include "aws/http/shown_url.h"
#include "aws/rules/mail_address.h"
#include "pipeline/definition_section.h"

namespace pipeline {
namespace {

constexpr std::size_t kNameLengthMax = 40;  // with the stack's name before it, within the length of a topic's
constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

TextTemplate read_template(DefinitionSection& section, std::string_view key) {
  const auto text = section.text(key);
  if (!text.has_value()) return {};
  auto read = TextTemplate::parse(*text, notification_fields());
  if (read.has_value() && !read->empty()) return std::move(*read);
  section.fault_at(key, read.has_value() ? "is empty" : read.error());
  return {};
}

void read_filter(DefinitionSection& section, NotificationRule& rule) {
  const auto text = section.text("filter");
  if (!text.has_value()) {
    if (!section.has("filter"))
      section.fault_at("filter", R"(is missing: which orders, such as '{"amount":[{"numeric":[">",1000]}]}')");
    return;
  }
  if (auto checked = aws::filter::FilterPolicy::check(*text, /*in_body=*/true); !checked.has_value()) {
    section.fault_at("filter", "is wrong: " + checked.error().message);
    return;
  }
  if (const std::string field = foreign_field(*text); !field.empty()) {
    section.fault_at("filter",
                     fmt::format("asks for \"{}\", which no order has; there are transaction_id, amount, currency, "
                                 "item, customer and type",
                                 field));
    return;
  }
  rule.filter = aws::filter::FilterPolicy::parse(*text, /*in_body=*/true).value();
  rule.is_for_refunds = has_condition_on(*text, "type");
}

}  // namespace

void check_addresses(DefinitionSection& section, const std::vector<std::string>& emails,
                     const std::vector<std::string>& webhooks) {
  for (const std::string& email : emails)
    if (!aws::rules::is_mail_address(email))
      section.fault_at(
          "emails",
          fmt::format("has \"{}\", which is no address{}", email,
                      may_be_several(email) ? R"(; several are a list: ["a@example.com", "b@example.com"])" : ""));
  for (const std::string& url : webhooks)
    if (!is_webhook_url(url))
      section.fault_at("webhooks",
                       fmt::format("has \"{}\", which is no URL of http:// or https://", aws::http::without_user(url)));
}

NotificationRule read_rule(DefinitionSection& section, const NotificationRules& before) {
  NotificationRule rule;
  rule.name = section.text("name").value_or("");
  const bool well_formed = !rule.name.empty() && rule.name.size() <= kNameLengthMax &&
                           rule.name.find_first_not_of(kNameCharacters) == std::string::npos;
  if (!well_formed) {
    section.fault_at("name", fmt::format("must be 1 to {} of a-z, 0-9 and -", kNameLengthMax));
  } else if (rule.name == kThresholdRule) {
    section.fault_at("name", fmt::format("\"{}\" is the name of what is notified without rules", kThresholdRule));
  } else if (std::ranges::find(before, rule.name, &NotificationRule::name) != before.end()) {
    section.fault_at("name", fmt::format("\"{}\" is the name of another rule", rule.name));
  }
  read_filter(section, rule);
  rule.subject = read_template(section, "subject");
  rule.text = read_template(section, "text");
  rule.emails = section.texts("emails");
  rule.webhooks = section.texts("webhooks");
  check_addresses(section, rule.emails, rule.webhooks);
  return rule;
}

}  // namespace pipeline
