// The definition file of a command: --file, else TILL_FILE, else till.toml in the current directory if it is there.
// Used from one thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/function_package.h"
#include "pipeline/definition.h"

namespace cli {

struct DefinitionFile {
  std::string path;
  std::string text;
  pipeline::Definition definition;
  std::vector<pipeline::DefinitionEntry> entries;

  // "till.toml:3", where the key stands.
  [[nodiscard]] std::string origin_of(std::string_view key) const;
  // `text` as a function gets it and as it may be read by others: without the users and passwords of webhooks.
  [[nodiscard]] std::string package_text() const;
  // What functions need of it, as files of their packages.
  [[nodiscard]] std::vector<PackageFile> package_files() const;
  [[nodiscard]] std::string id() const { return pipeline::definition_id(package_text(), definition.schema); }
};

// What holds where there is no file.
std::vector<pipeline::DefinitionEntry> entries_without_file();

// Given as --file, it means that there shall be none.
inline constexpr std::string_view kNoDefinition = "none";

// nullopt: there is none. The error has a line for each fault: "till.toml:3: [order] ...".
std::expected<std::optional<DefinitionFile>, std::string> load_definition(const std::string& named);

}  // namespace cli
