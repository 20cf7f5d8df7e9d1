#include "cli/stage_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/function_package.h"
#include "os/zip_extract.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<PackageFile>;
template <class T>
using Read = std::expected<T, std::string>;

// What Lambda takes, unpacked; and what is surely no function's directory.
constexpr std::uintmax_t kBytesMax = 250 << 20;
constexpr std::size_t kFilesMax = 10'000;
constexpr std::string_view kNotExecutable =
    ": its `bootstrap` is not executable (chmod +x before it is packed), and Lambda executes it";

Read<PackageFile> read_file(const fs::path& path, std::string name) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return std::unexpected(fmt::format("{}: {}", path.string(), error.message()));
  if (size > kBytesMax) return std::unexpected(path.string() + ": is larger than 250 MiB, which Lambda does not take");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  if (size > 0) bytes << in.rdbuf();
  if (!in.is_open() || !bytes.good()) return std::unexpected(path.string() + ": cannot be read");
  const bool is_executable = (fs::status(path, error).permissions() & fs::perms::owner_exec) != fs::perms::none;
  return PackageFile{std::move(name), std::move(bytes).str(), is_executable};
}

bool is_left_out(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name == "__pycache__";
}

bool is_below(const fs::path& directory, const fs::path& path) {
  const fs::path way = path.lexically_relative(directory);
  return !way.empty() && *way.begin() != "..";
}

// Why a package cannot have what this link is in the place of, or nothing. A package that had the content of what lies
// outside of the directory would take along what nobody meant to give away.
std::string fault_of_link(const fs::path& link, const fs::path& directory) {
  std::error_code error;
  const fs::path target = fs::canonical(link, error);  // fails for loops and for links that lead nowhere
  if (error) return fmt::format("{}: cannot follow the link: {}", link.string(), error.message());
  if (is_below(directory, target)) return "";
  return fmt::format("{}: is a link out of the directory, to {}; put the file itself there", link.string(),
                     target.string());
}

Read<Files> read_directory(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  const fs::path real = fs::canonical(directory, error);
  if (error) return std::unexpected(fmt::format("{}: {}", directory.string(), error.message()));
  fs::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (is_left_out(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    const bool is_link = entry->is_symlink(error);
    if (error) break;
    if (std::string fault = is_link ? fault_of_link(entry->path(), real) : ""; !fault.empty())
      return std::unexpected(std::move(fault));
    if (entry->is_regular_file(error)) paths.push_back(entry->path());
    if (error) break;
    if (paths.size() > kFilesMax)
      return std::unexpected(fmt::format("{}: has more than {} files", directory.string(), kFilesMax));
  }
  if (error) return std::unexpected(fmt::format("{}: {}", directory.string(), error.message()));
  if (paths.empty()) return std::unexpected(directory.string() + ": there is no file in it");
  std::ranges::sort(paths);
  Files files;
  std::uintmax_t bytes = 0;
  for (const fs::path& path : paths) {
    auto file = read_file(path, path.lexically_relative(directory).generic_string());
    if (!file.has_value()) return std::unexpected(std::move(file).error());
    bytes += file->bytes.size();
    if (bytes > kBytesMax)
      return std::unexpected(directory.string() + ": is larger than 250 MiB, which Lambda does not take");
    files.push_back(std::move(*file));
  }
  return files;
}

// With the definition, unless there are files of these names.
Read<std::string> packed(Files files, const Files& definition) {
  for (const PackageFile& one : definition)
    if (std::ranges::find(files, one.name, &PackageFile::name) == files.end()) files.push_back(one);
  auto package = make_package(files);
  if (!package.has_value()) return std::unexpected(package.error().message);
  return std::move(*package);
}

Read<std::string> read_code(const fs::path& path, const Files& definition) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    auto files = read_directory(path);
    return files.has_value() ? packed(std::move(*files), definition) : std::unexpected(files.error());
  }
  auto file = read_file(path, path.filename().string());
  if (!file.has_value()) return std::unexpected(std::move(file).error());
  if (file->bytes.empty()) return std::unexpected(path.string() + ": is empty");
  if (file->bytes.starts_with("PK\x03\x04")) {
    if (const auto checked = os::check_zip(file->bytes, {}); !checked.has_value())
      return std::unexpected(path.string() + ": " + checked.error().message);
    return std::move(file->bytes);
  }
  if (path.extension() == ".zip") return std::unexpected(path.string() + ": is no zip archive");
  return packed({std::move(*file)}, definition);
}

}  // namespace

std::expected<std::string, std::string> read_functions_package(const DefinitionFile& file) {
  const pipeline::StackSettings& stack = file.definition.stack;
  const fs::path path = fs::path(file.path).parent_path() / stack.functions_package.value_or("");
  auto read = read_file(path, path.filename().string());
  std::string fault = read.has_value() ? "" : read.error();
  if (fault.empty() && architecture_of(read->bytes).empty())
    fault = path.string() + ": is no zip archive with a program `bootstrap` for x86_64 or arm64";
  if (fault.empty() && forbids_execution(read->bytes)) fault = path.string() + std::string(kNotExecutable);
  if (const auto checked = fault.empty() ? os::check_zip(read->bytes, {}) : base::Result<void>(); !checked.has_value())
    fault = path.string() + ": " + checked.error().message;
  if (fault.empty()) return std::move(read->bytes);
  return std::unexpected(
      fmt::format("{}:{}: [stack] functions_package: {}", file.path, stack.functions_package_line, fault));
}

std::expected<std::string, std::string> read_stage_code(const DefinitionFile& file, const pipeline::Stage& stage) {
  auto read = read_code(fs::path(file.path).parent_path() / stage.code.value_or(""), file.package_files());
  if (read.has_value() && stage.runtime.starts_with("provided.") && forbids_execution(*read))
    read = std::unexpected(stage.code.value_or("") + std::string(kNotExecutable));
  if (read.has_value()) return read;
  return std::unexpected(
      fmt::format("{}:{}: [functions.{}] code: {}", file.path, stage.code_line, stage.name, read.error()));
}

}  // namespace cli
