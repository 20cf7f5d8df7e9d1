// CommandTree: what the command line can say, read from its definitions (CLI11) into plain values, from which help,
// completions and manual pages are made. Pure functions and values; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace cli {

// What an option or argument takes, as far as a completion can offer it.
enum class ValueKind { none, text, file, directory };

struct OptionShape {
  std::vector<std::string> names;  // "-h", "--help"; of an argument its one name
  std::string words;
  ValueKind kind = ValueKind::none;
  std::vector<std::string> values;  // the only ones that it takes; empty: any
  std::vector<std::string> usual;   // of any, those that people mean mostly
  std::string value_name;           // "TEXT", "INT"; empty: it takes none
  bool repeats = false;
  bool required = false;
};

struct CommandTree {
  std::string path;  // "orders list"; empty: `till` itself
  std::string name;  // "list"
  std::string words;
  std::vector<OptionShape> options;
  std::vector<OptionShape> arguments;
  std::vector<CommandTree> commands;

  // The command at this path below; nullptr: there is none. Valid as long as the tree.
  [[nodiscard]] const CommandTree* find(std::string_view below) const;
};

CommandTree describe(const CLI::App& app);

}  // namespace cli
