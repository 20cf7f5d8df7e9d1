// Sections of the definition file while it is read: for the files that read one (definition*.cc), which alone see
// toml++.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/definition.h"
#include "pipeline/mapping.h"
#include "pipeline/notification_rule.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace pipeline {

using DefinitionFaults = std::vector<DefinitionFault>;

// What reading a file has brought to light so far.
struct DefinitionNotes {
  DefinitionFaults faults;
  std::vector<DefinitionEntry> entries;  // of every key that a section was asked for
};

// One table of the file: gives its values out, checked, and tells of keys that nobody asked for when it ends. What is
// wrong becomes a fault with its line, and the value that is answered instead is the one of an absent key. Each key
// that was asked for becomes an entry.
class DefinitionSection {
 public:
  // `table` may be null: a section that is not there. Both outlive it.
  DefinitionSection(std::string name, const toml::table* table, DefinitionNotes& notes)
      : name_(std::move(name)), table_(table), notes_(notes) {}
  ~DefinitionSection();
  DefinitionSection(const DefinitionSection&) = delete;
  DefinitionSection& operator=(const DefinitionSection&) = delete;

  [[nodiscard]] bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
  void fault(uint32_t line, std::string_view what);
  void fault_at(std::string_view key, std::string_view what);  // in the line of the key's value

  std::optional<std::string> text(std::string_view key);
  // One string or a list of them; empty if the key is absent.
  std::vector<std::string> texts(std::string_view key);
  bool boolean(std::string_view key, bool otherwise);
  int32_t whole_number(std::string_view key, int32_t min, int32_t max, int32_t otherwise);
  // A number of 0 or more.
  double amount(std::string_view key, double otherwise);
  // The index of the value among `names`; 0 if the key is absent.
  std::size_t one_of(std::string_view key, std::span<const std::string_view> names);
  // A table of whole numbers from 0 to `number_max`.
  std::vector<std::pair<std::string, int>> numbers(std::string_view key, int number_max);
  // A table of texts.
  std::vector<std::pair<std::string, std::string>> named_texts(std::string_view key);
  [[nodiscard]] uint32_t line_of(std::string_view key) const;  // of its value; of the section if the key is absent
  std::optional<FieldPath> path(std::string_view key);
  FieldSource source(std::string_view key);

 private:
  // `otherwise`: the value of an absent key, as JSON; empty if there is none then.
  const toml::node* get(std::string_view key, std::string_view otherwise = "");

  const std::string name_;
  const toml::table* const table_;
  DefinitionNotes& notes_;
  std::set<std::string, std::less<>> asked_;
};

// Readers of sections (definition_<section>.cc).
IntakeSettings read_intake(DefinitionSection& section);
// `before`: the rules that stand above it in the file.
NotificationRule read_rule(DefinitionSection& section, const NotificationRules& before);
StackSettings read_stack(DefinitionSection& section);
AlarmSettings read_alarms(DefinitionSection& section);
EmailSettings read_email(DefinitionSection& section);
// `table`: [functions], whose members are the stages.
std::vector<Stage> read_stages(const toml::table& table, DefinitionNotes& notes);
// Faults of `emails` and `webhooks`.
void check_addresses(DefinitionSection& section, const std::vector<std::string>& emails,
                     const std::vector<std::string>& webhooks);

}  // namespace pipeline
