// The section [intake] of the definition file.
#include <fmt/format.h>

#include <array>

#include "aws/auth/text.h"
#include "pipeline/definition_section.h"

namespace pipeline {
namespace {

constexpr int32_t kToleranceSecondsMax = 86'400;
constexpr int32_t kToleranceSeconds = 300;

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

// What is empty is missing, which others tell.
void check_characters(DefinitionSection& section, std::string_view key, const std::string& text, std::string_view taken,
                      std::string_view what) {
  if (section.has(key) && (text.empty() || text.find_first_not_of(taken) != std::string::npos))
    section.fault_at(key, fmt::format("is \"{}\", which is no {}", text, what));
}

// What only some kinds of verification want is refused where nobody would look at it.
void check_wanted(DefinitionSection& section, std::string_view key, bool is_wanted, bool is_required) {
  if (is_required && !section.has(key)) section.fault_at(key, "is missing, which `verify` needs");
  if (!is_wanted && section.has(key)) section.fault_at(key, "is not looked at with this `verify`");
}

}  // namespace

IntakeSettings read_intake(DefinitionSection& section) {
  using Verify = IntakeSettings::Verify;
  constexpr std::array<std::string_view, 3> kVerify{"hmac", "timestamped", "nobody"};  // of Verify
  constexpr std::array<std::string_view, 2> kEncodings{"base64", "hex"};
  IntakeSettings out;
  if (!section.has("verify")) section.fault_at("verify", R"(is missing: "hmac", "timestamped" or "nobody")");
  out.verify = static_cast<Verify>(section.one_of("verify", kVerify));
  out.header = aws::auth::lower_case(section.text("header").value_or(""));
  out.secret_variable = section.text("secret_variable").value_or("");
  const std::string name = std::string(kLetters) + std::string(kDigits);
  check_characters(section, "header", out.header, name + "!#$%&'*+-.^_`|~", "name of a header (RFC 9110)");
  check_characters(section, "secret_variable", out.secret_variable, name + "_", "name of a variable");
  out.is_base64 = section.one_of("encoding", kEncodings) == 0;
  out.records = section.path("records");
  out.tolerance = std::chrono::seconds(section.whole_number("tolerance", 1, kToleranceSecondsMax, kToleranceSeconds));
  check_wanted(section, "header", out.verify != Verify::nobody, out.verify != Verify::nobody);
  check_wanted(section, "secret_variable", out.verify != Verify::nobody, out.verify != Verify::nobody);
  check_wanted(section, "encoding", out.verify == Verify::hmac, false);
  check_wanted(section, "tolerance", out.verify == Verify::timestamped, false);
  return out;
}

}  // namespace pipeline
