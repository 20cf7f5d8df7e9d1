// The sections [functions.ingest], [functions.process] and [functions.sweep] of the definition file.
#include <fmt/format.h>

#include <algorithm>

#include "aws/rules/function_environment.h"
#include "pipeline/definition_section.h"

namespace pipeline {
namespace {

// Bounds of Lambda.
constexpr int32_t kTimeoutMax = 900;
constexpr int32_t kMemoryMin = 128;
constexpr int32_t kMemoryMax = 10'240;
constexpr std::size_t kHandlerLengthMax = 128;
constexpr std::string_view kProvided = "provided.";
// Those that run on one machine as well.
constexpr std::array<std::string_view, 13> kRuntimes{
    "provided.al2023", "provided.al2", "python3.8",  "python3.9",  "python3.10", "python3.11", "python3.12",
    "python3.13",      "python3.14",   "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"};

bool is_variable(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return name.size() >= 2 && is_letter(name.front()) && std::ranges::all_of(name, is_inner);
}

// Without the pipeline's own, whose lengths depend on account and region: Stack::environment_fault counts those.
void check_size(DefinitionSection& section, const Stage& stage) {
  aws::Map<std::string> variables;
  for (const auto& [name, value] : stage.environment) variables.append(name) = value;
  const std::size_t size = aws::rules::environment_text(variables).size();
  if (size > aws::rules::kEnvironmentBytesMax)
    section.fault_at("environment", fmt::format("has {} bytes, as Lambda counts them, and can have {}", size,
                                                aws::rules::kEnvironmentBytesMax));
}

void read_environment(DefinitionSection& section, Stage& stage) {
  stage.environment = section.named_texts("environment");
  for (const auto& [name, value] : stage.environment) {
    if (!is_variable(name))
      section.fault_at("environment",
                       fmt::format("has \"{}\": a variable is a letter and more of A-Z, a-z, 0-9 and _", name));
    if (name.starts_with("TILL_"))
      section.fault_at("environment", fmt::format("has \"{}\": TILL_ begins the names of the pipeline's own", name));
    if (aws::rules::is_reserved_variable(name))
      section.fault_at("environment", fmt::format("has \"{}\", which Lambda sets itself and lets nobody set", name));
    if (value.find('\0') != std::string::npos)
      section.fault_at("environment", fmt::format("has for {} a text with a character of code 0 in it", name));
  }
  check_size(section, stage);
}

void read_code(DefinitionSection& section, Stage& stage) {
  stage.code = section.text("code");
  stage.code_line = section.line_of("code");
  if (stage.code.has_value() && stage.code->empty()) section.fault_at("code", "is empty");
  for (const std::string_view key : {"runtime", "handler", "timeout"})
    if (section.has(key) && !section.has("code"))
      section.fault_at(key, "is for other code than ours, and there is no `code`");
  if (stage.code.has_value() && !section.has("runtime"))
    section.fault_at("runtime", "is missing: what runs the code, such as \"python3.12\"?");
  stage.runtime = kRuntimes.at(section.one_of("runtime", kRuntimes));
  stage.handler = section.text("handler").value_or("");
  const bool needs_handler = stage.code.has_value() && !stage.runtime.starts_with(kProvided);
  if (needs_handler && section.has("runtime") && stage.handler.empty())
    section.fault_at("handler", "is missing: file and function, such as \"my.handle\" for handle() in my.py");
  if (stage.handler.size() > kHandlerLengthMax || stage.handler.find_first_of(" \t\r\n") != std::string::npos)
    section.fault_at("handler", fmt::format("must have up to {} characters and no blanks", kHandlerLengthMax));
  if (stage.handler.empty()) stage.handler = "bootstrap";
  if (section.has("timeout")) stage.timeout_seconds = section.whole_number("timeout", 1, kTimeoutMax, 1);
}

}  // namespace

const Stage* find_stage(const std::vector<Stage>& stages, std::string_view name) {
  const auto found = std::ranges::find(stages, name, &Stage::name);
  return found == stages.end() ? nullptr : &*found;
}

std::vector<Stage> read_stages(const toml::table& table, DefinitionNotes& notes) {
  std::vector<Stage> out;
  for (const auto& [key, node] : table) {
    const uint32_t line = key.source().begin.line;
    if (std::ranges::find(kStages, key.str()) == kStages.end()) {
      notes.faults.push_back({line, fmt::format("[functions] has no function \"{}\"; there are ingest, process and "
                                                "sweep",
                                                key.str())});
      continue;
    }
    if (!node.is_table()) {
      notes.faults.push_back({line, fmt::format("[functions] {0} must be a section, [functions.{0}]", key.str())});
      continue;
    }
    DefinitionSection section(fmt::format("functions.{}", key.str()), node.as_table(), notes);
    Stage stage;
    stage.name = key.str();
    read_code(section, stage);
    if (section.has("memory"))
      stage.memory_size_mb = section.whole_number("memory", kMemoryMin, kMemoryMax, kMemoryMin);
    read_environment(section, stage);
    out.push_back(std::move(stage));
  }
  return out;
}

}  // namespace pipeline
