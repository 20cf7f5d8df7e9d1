#include "cli/definition_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/encoding.h"
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
  return std::string(base::without_byte_order_mark(text));
}

// The lists of webhooks of a definition, with their keys.
std::vector<std::pair<std::string, const std::vector<std::string>*>> webhooks_of(const pipeline::Definition& of) {
  std::vector<std::pair<std::string, const std::vector<std::string>*>> out{{"notifications.webhooks", &of.webhooks},
                                                                           {"alarms.webhooks", &of.alarms.webhooks}};
  for (std::size_t i = 0; i < of.rules.size(); ++i)
    out.emplace_back(fmt::format("rules[{}].webhooks", i + 1), &of.rules[i].webhooks);
  return out;
}

// A password that is written with escapes could not be taken out of the text that the functions get; empty: none is.
std::string escaped_password(const DefinitionFile& file) {
  for (const auto& [key, urls] : webhooks_of(file.definition))
    for (const std::string& url : *urls)
      if (const std::string shown = pipeline::shown_address(url);
          shown != url && file.text.find(url) == std::string::npos)
        return fmt::format(
            "{}: {} has \"{}\", whose password stands there with escapes of TOML (such as \\u0041); "
            "write it without them",
            file.origin_of(key), key, shown);
  return "";
}

}  // namespace

std::string DefinitionFile::origin_of(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &pipeline::DefinitionEntry::key);
  return found == entries.end() ? path : fmt::format("{}:{}", path, found->line);
}

std::string DefinitionFile::package_text() const {
  std::string out = text;
  for (const auto& [key, urls] : webhooks_of(definition))
    for (const std::string& url : *urls) {
      const std::string shown = pipeline::shown_address(url);
      for (std::size_t at = out.find(url); shown != url && at != std::string::npos; at = out.find(url, at))
        out.replace(at, url.size(), shown);
    }
  return out;
}

std::vector<PackageFile> DefinitionFile::package_files() const {
  std::vector<PackageFile> files{{std::string(pipeline::kDefinitionName), package_text()}};
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
  if (read.has_value()) {
    DefinitionFile file{std::move(path), std::move(*text), std::move(*read), std::move(entries)};
    if (std::string fault = escaped_password(file); !fault.empty()) return std::unexpected(std::move(fault));
    return file;
  }
  std::string faults;
  for (const pipeline::DefinitionFault& fault : read.error())
    faults += fmt::format("{}{}:{}: {}", faults.empty() ? "" : "\n", path, fault.line, fault.message);
  return std::unexpected(std::move(faults));
}

}  // namespace cli
