#include "cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/presets.h"

namespace cli {
namespace {

// CLI11 knows no kinds of text; these are ours by their names.
ValueKind kind_of(const OptionShape& option) {
  if (option.value_name.empty()) return ValueKind::none;
  const auto is = [&option](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [&option](std::string_view name) {
      return std::ranges::find(option.names, name) != option.names.end();
    });
  };
  if (is({"--data", "--watch", "--directory"})) return ValueKind::directory;
  if (is({"FILE", "--file", "--zip", "--output", "--root-key"})) return ValueKind::file;
  return ValueKind::text;
}

// What CLI11 does not know either: the parser takes more, or has better words for what it does not take.
std::vector<std::string> usual_values(const OptionShape& option) {
  if (option.names.front() == "FUNCTION") return {"ingest", "process", "sweep", "intake"};
  if (option.names.front() != "--preset") return {};
  const auto names = preset_names();
  return {names.begin(), names.end()};
}

// "TEXT:{system,virtual}" is what CLI11 has of a set of values, "INT:INT in [1 - 10]" of a range.
void read_type(const std::string& type, OptionShape& option) {
  option.value_name = type.substr(0, type.find(':'));
  const std::size_t begin = type.find(":{");
  const std::size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return;
  std::string_view rest = std::string_view(type).substr(begin + 2, end - begin - 2);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    option.values.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
}

OptionShape describe(const CLI::Option& option) {
  OptionShape shape;
  if (option.get_positional()) {
    shape.names.push_back(option.get_name(true, false));
  } else {
    for (const std::string& name : option.get_snames()) shape.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) shape.names.push_back("--" + name);
  }
  shape.words = option.get_description();
  if (option.get_type_size() != 0) read_type(option.get_type_name(), shape);
  shape.kind = kind_of(shape);
  shape.usual = usual_values(shape);
  shape.repeats = option.get_items_expected_max() > 1;
  shape.required = option.get_required();
  return shape;
}

CommandTree describe_below(const CLI::App& app, const std::string& path) {
  CommandTree tree;
  tree.path = path;
  tree.name = app.get_name();
  tree.words = app.get_description();
  for (const CLI::Option* option : app.get_options())
    (option->get_positional() ? tree.arguments : tree.options).push_back(describe(*option));
  for (const CLI::App* command : app.get_subcommands({}))
    tree.commands.push_back(
        describe_below(*command, path.empty() ? command->get_name() : path + " " + command->get_name()));
  return tree;
}

}  // namespace

CommandTree describe(const CLI::App& app) {
  return describe_below(app, "");
}

const CommandTree* CommandTree::find(std::string_view below) const {
  if (below == path) return this;
  for (const CommandTree& command : commands)
    if (const CommandTree* found = command.find(below); found != nullptr) return found;
  return nullptr;
}

}  // namespace cli
