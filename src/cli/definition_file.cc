#include "cli/definition_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "os/environment.h"

namespace cli {
namespace {

constexpr std::uintmax_t kBytesMax = 1 << 20;

std::expected<std::string, std::string> text_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return std::unexpected(error.message());
  if (bytes > kBytesMax) return std::unexpected("is larger than 1 MiB, which no definition is");
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return std::unexpected("cannot be read");
  return text;
}

}  // namespace

std::string DefinitionFile::origin_of(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &pipeline::DefinitionEntry::key);
  return found == entries.end() ? path : fmt::format("{}:{}", path, found->line);
}

std::vector<PackageFile> DefinitionFile::package_files() const {
  std::vector<PackageFile> files{{std::string(pipeline::kDefinitionName), text}};
  if (!definition.schema.empty()) files.push_back({std::string(pipeline::kSchemaName), definition.schema});
  return files;
}

std::vector<pipeline::DefinitionEntry> entries_without_file() {
  std::vector<pipeline::DefinitionEntry> out;
  const auto read = pipeline::read_definition("", {}, &out);
  return read.has_value() ? out : std::vector<pipeline::DefinitionEntry>();
}

std::expected<std::optional<DefinitionFile>, std::string> load_definition(const std::string& named) {
  std::string path = !named.empty() ? named : os::environment("TILL_FILE").value_or("");
  if (path == kNoDefinition) return std::nullopt;
  if (path.empty()) {
    std::error_code error;
    const auto found =
        std::filesystem::symlink_status(pipeline::kDefinitionName, error);  // a link to nothing is one too
    if (found.type() == std::filesystem::file_type::not_found) return std::nullopt;
    path = pipeline::kDefinitionName;
  }
  auto text = text_of(path);
  if (!text.has_value()) return std::unexpected(path + ": " + text.error());
  std::vector<pipeline::DefinitionEntry> entries;
  const auto beside = [directory = std::filesystem::path(path).parent_path()](const std::string& name) {
    return text_of((directory / name).string());
  };
  auto read = pipeline::read_definition(*text, beside, &entries);
  if (read.has_value()) return DefinitionFile{std::move(path), std::move(*text), std::move(*read), std::move(entries)};
  std::string faults;
  for (const pipeline::DefinitionFault& fault : read.error())
    faults += fmt::format("{}{}:{}: {}", faults.empty() ? "" : "\n", path, fault.line, fault.message);
  return std::unexpected(std::move(faults));
}

}  // namespace cli
