#include "cli/input_files.h"

#include <algorithm>
#include <filesystem>

#include "pipeline/definition.h"

namespace cli {
namespace {

constexpr std::string_view kStandardInput = "-";

base::AwsError local_error(std::string message) {
  return {.code = "Local", .message = std::move(message)};
}

// Files that stand beside orders and are none: what commands are told by.
bool is_of_definition(const std::string& name) {
  return name == pipeline::kDefinitionName || name.ends_with(".schema.json");
}

base::Result<void> add_directory(const std::string& name, std::vector<InputFile>& files) {
  std::vector<std::string> inside;
  std::error_code error;
  std::filesystem::directory_iterator entry(name, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    if (file.starts_with('.') || is_of_definition(file)) continue;
    std::error_code unknown;  // links in a loop, which may stand for a file of orders
    if (entry->is_regular_file(unknown)) inside.push_back(entry->path().string());
    if (unknown && unknown != std::errc::no_such_file_or_directory)
      return base::fail(local_error(entry->path().string() + ": " + unknown.message()));
  }
  if (error) return base::fail(local_error(name + ": " + error.message()));
  if (inside.empty()) return base::fail(local_error(name + ": there is no file in it"));
  std::ranges::sort(inside);
  for (std::string& file : inside) files.push_back({file, file});
  return {};
}

}  // namespace

base::Result<InputFiles> input_files(const std::vector<std::string>& named) {
  InputFiles out;
  if (std::ranges::count(named, kStandardInput) > 1)
    return base::fail(local_error("`-` is given twice, and standard input can be read once"));
  for (const std::string& name : named) {
    std::error_code error;
    if (name == kStandardInput) {
      out.files.push_back({"", name});
    } else if (std::filesystem::is_directory(name, error)) {
      TRY(add_directory(name, out.files));
    } else {
      out.files.push_back({name, name});
    }
  }
  for (const InputFile& file : out.files)
    if (!file.path.empty()) TRY(check_orders_file(file));
  return out;
}

base::Result<void> read_standard_input(InputFiles& inputs) {
  for (InputFile& file : inputs.files) {
    if (!file.path.empty()) continue;
    auto input = os::SpoolFile::of_standard_input();
    if (!input.has_value()) return base::fail(local_error(input.error()));
    file.path = input->path();
    inputs.spooled.push_back(std::move(*input));
  }
  return {};
}

}  // namespace cli
