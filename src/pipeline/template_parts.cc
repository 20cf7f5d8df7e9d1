#include "pipeline/template_parts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/encoding.h"
#include "pipeline/notification_rule.h"

namespace pipeline {
namespace {

constexpr int kIndent = 2;
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kYamlBreaks{
    {{"\xc2\x85", "\\u0085"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}, {"\xef\xbb\xbf", "\\uFEFF"}}};

std::string as_json(const TemplateJson& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, TemplateJson::error_handler_t::replace);
}

// A text that YAML 1.1 takes for itself and for nothing else.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWords{"true", "false", "yes", "no", "on", "off", "null", "y"};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.size() < 2 || !is_letter(text.front()) || text.back() == ':') return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  if (std::ranges::find(kWords, lower) != kWords.end()) return false;
  return std::ranges::all_of(text, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("_.:/-").find(c) != std::string_view::npos;
  });
}

// A text in quotes is one of JSON, which YAML takes as it is, but for what are line breaks and marks in YAML 1.1.
std::string scalar(const TemplateJson& value) {
  if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value.get<std::string>();
  std::string out = as_json(value, -1);
  for (const auto& [raw, escaped] : kYamlBreaks)
    for (std::size_t at = out.find(raw); at != std::string::npos; at = out.find(raw, at))
      out.replace(at, raw.size(), escaped);
  return out;
}

void append_yaml(const TemplateJson& value, int depth, std::string& out) {
  const std::string margin(static_cast<std::size_t>(depth * kIndent), ' ');
  const auto append_value = [&](const TemplateJson& member) {
    if (member.is_structured() && !member.empty()) {
      out += '\n';
      append_yaml(member, depth + 1, out);
    } else {
      out += ' ' + scalar(member) + '\n';
    }
  };
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      out += margin + (is_plain(key) ? key : as_json(key, -1)) + ':';
      append_value(member);
    }
    return;
  }
  for (const auto& member : value) {
    if (!member.is_structured() || member.empty()) {
      out += margin + "- " + scalar(member) + '\n';
      continue;
    }
    // Its first line stands behind the dash.
    std::string block;
    append_yaml(member, depth + 1, block);
    block.replace(margin.size(), 2, "- ");
    out += block;
  }
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string package_file(std::string_view zip) {
  constexpr std::size_t kDigits = 16;
  return "functions-" + base::hex_encode(base::sha256(zip)).substr(0, kDigits) + ".zip";
}

TemplateJson parse_template_json(std::string_view text) {
  TemplateJson parsed = TemplateJson::parse(text, nullptr, /*allow_exceptions=*/false);
  CHECK(!parsed.is_discarded(), "what the stack says in JSON is JSON");
  return parsed;
}

TemplateJson number(double value) {
  constexpr double kExact = 1e15;
  if (std::trunc(value) == value && std::abs(value) < kExact) return static_cast<int64_t>(value);
  return value;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string with_places(std::string_view text, std::string_view account, std::string_view region) {
  return replace_all(replace_all(std::string(text), kAnyAccount, account), kAnyRegion, region);
}

std::string write_template_json(const TemplateJson& document) {
  return as_json(document, kIndent) + "\n";
}

std::string write_template_yaml(const TemplateJson& document) {
  std::string out;
  append_yaml(document, 0, out);
  return out;
}

std::string in_camel_case(std::string_view name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (is_letter_or_digit(c)) out.push_back(begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
    begins = !is_letter_or_digit(c);
  }
  return out;
}

std::string in_snake_case(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')) c = '_';
  return out;
}

std::string short_hash(std::string_view text) {
  return base::hex_encode(base::sha256(text)).substr(0, 8);
}

std::string_view name_in_stack(const Site& site, std::string_view full) {
  constexpr std::string_view kGroups = "/aws/lambda/";
  if (full.starts_with(kGroups)) full.remove_prefix(kGroups.size());
  if (full.starts_with(site.name(""))) full.remove_prefix(site.name("").size());
  return full;
}

const TemplateSecret& intake_secret() {
  static const TemplateSecret secret{"intake-secret", "What the senders of webhooks sign with"};
  return secret;
}

std::optional<TemplateSecret> secret_of(const Site& site, const SubscriptionSpec& of) {
  const std::string shown = shown_address(of.endpoint);
  if (shown == of.endpoint) return std::nullopt;
  const std::string topic(name_in_stack(site, of.topic));
  return TemplateSecret{topic + "-webhook-" + short_hash(of.topic + " " + shown),
                        "The URL that " + topic + " is told at: " + shown + ", with its user and password"};
}

std::string cloudformation_name(const TemplateSecret& secret) {
  return in_camel_case(secret.name);
}

std::string terraform_name(const TemplateSecret& secret) {
  return in_snake_case(secret.name);
}

std::vector<TemplateSecret> template_secrets(const Stack& stack) {
  std::vector<TemplateSecret> out;
  const auto& intake = stack.options().intake;
  if (intake.has_value() && intake->verify != IntakeSettings::Verify::nobody) out.push_back(intake_secret());
  for (const auto& resource : stack.resources()) {
    const ResourceSpec spec = resource->spec();
    const auto* subscription = std::get_if<SubscriptionSpec>(&spec.of);
    auto secret = subscription == nullptr ? std::nullopt : secret_of(stack.site(), *subscription);
    if (secret.has_value()) out.push_back(std::move(*secret));
  }
  return out;
}

std::vector<TemplatePackage> template_packages(const Stack& stack) {
  std::vector<TemplatePackage> out;
  for (const auto& resource : stack.resources()) {
    const ResourceSpec spec = resource->spec();
    const auto* function = std::get_if<FunctionSpec>(&spec.of);
    if (function == nullptr) continue;
    std::string file = package_file(function->zip);
    if (std::ranges::find(out, file, &TemplatePackage::file) == out.end())
      out.push_back({std::move(file), function->zip});
  }
  return out;
}

}  // namespace pipeline
