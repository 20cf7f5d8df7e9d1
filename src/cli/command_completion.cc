// till completion: scripts for shells. Each walks the words of the line to the command they lead to, then offers what
// that takes; all they know is written into them, so that no process is started at the tab key.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "cli/exit_code.h"
#include "cli/machine_commands.h"
#include "cli/output.h"

namespace cli {
namespace {

using Names = std::vector<std::string>;

void for_each(const CommandTree& tree, const std::function<void(const CommandTree&)>& visit) {
  visit(tree);
  for (const CommandTree& command : tree.commands) for_each(command, visit);
}

Names paths_of(const CommandTree& tree) {
  Names paths;
  for_each(tree, [&paths](const CommandTree& command) {
    if (!command.path.empty()) paths.push_back(command.path);
  });
  return paths;
}

// Options that are followed by a value, of any command. No name is one here and a flag there (test_help.py).
Names options_with_value(const CommandTree& tree) {
  std::set<std::string> names;
  for_each(tree, [&names](const CommandTree& command) {
    for (const OptionShape& option : command.options)
      if (option.kind != ValueKind::none) names.insert(option.names.begin(), option.names.end());
  });
  return {names.begin(), names.end()};
}

// Of this command and of all.
std::vector<OptionShape> options_of(const CommandTree& root, const CommandTree& command) {
  std::vector<OptionShape> options = command.options;
  if (&command == &root) return options;
  for (const OptionShape& option : root.options)
    if (std::ranges::find(option.names, "--help") == option.names.end() &&
        std::ranges::find(option.names, "--version") == option.names.end())
      options.push_back(option);
  return options;
}

// In single quotes, for all three shells.
std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// For fish, where a backslash in single quotes escapes.
std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
  return quoted + "'";
}

std::string quoted_path(const std::string& path) {
  return "\"" + path + "\"";
}

const Names& values_of(const OptionShape& option) {
  return option.values.empty() ? option.usual : option.values;
}

// What a value is taken from: a shell's own words for files and directories, or the words themselves.
struct Offer {
  std::string files;
  std::string directories;
  std::function<std::string(const Names&)> words;

  [[nodiscard]] std::string of(const OptionShape& option) const {
    if (const Names& known = values_of(option); !known.empty()) return words(known);
    if (option.kind == ValueKind::file) return files;
    return option.kind == ValueKind::directory ? directories : "";
  }
};

// Branches of a `case` over "path option" and "path", for bash and zsh.
std::string value_branches(const CommandTree& root, const Offer& offer) {
  std::string text;
  for_each(root, [&](const CommandTree& command) {
    for (const OptionShape& option : command.options) {
      if (option.kind == ValueKind::none) continue;
      for (const std::string& name : option.names) {
        // An option of every command stands behind any.
        const std::string before = command.path.empty() ? "*" : quoted_path(command.path);
        text += fmt::format("    {}\" {}\") {};;\n", before, name, offer.of(option) + " ");
      }
    }
  });
  return text;
}

std::string argument_branches(const CommandTree& root, const Offer& offer) {
  std::string text;
  for_each(root, [&](const CommandTree& command) {
    if (command.arguments.empty()) return;
    const std::string offered = offer.of(command.arguments.front());
    const char* only_first = command.arguments.front().repeats ? "" : "[ $given = 0 ] && ";
    if (!offered.empty()) text += fmt::format("    {}) {}{} ;;\n", quoted_path(command.path), only_first, offered);
  });
  return text;
}

constexpr const char* kBash = R"(# Completion of till for bash; made by `till completion bash`.
_till() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} path="" given=0 i token
  COMPREPLY=()
  if [ "$word" = "=" ]; then word=""; elif [ "$previous" = "=" ]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    token=${{COMP_WORDS[i]}}
    case "$token" in
      {with_value}) [ "${{COMP_WORDS[i+1]}}" = "=" ] && i=$((i + 1)); i=$((i + 1)) ;;
      -*) ;;
      *) case "${{path:+$path }}$token" in
           {paths}) if [ $given = 0 ]; then path="${{path:+$path }}$token"; fi ;;
           *) given=1 ;;
         esac ;;
    esac
  done
  # The value of an option.
  case "$previous" in
    {with_value}) case "$path $previous" in
{values}    esac; return ;;
  esac
  # Options.
  if [[ "$word" == -* ]]; then
    case "$path" in
{options}    esac
    return
  fi
  # Commands below this one, or what it takes.
  [ $given = 1 ] || case "$path" in
{commands}  esac
  case "$path" in
{arguments}  esac
}}
_till_words() {{ local IFS=$' \n'; COMPREPLY+=($(compgen -W "$1" -- "$word")); }}
_till_files() {{ local IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$word")); }}
_till_directories() {{ local IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$word")); }}
complete -F _till till
)";

std::string quoted_paths(const CommandTree& root) {
  Names paths = paths_of(root);
  std::ranges::transform(paths, paths.begin(), quoted_path);
  return fmt::format("{}", fmt::join(paths, "|"));
}

std::string bash_script(const CommandTree& root) {
  const Offer offer{"_till_files", "_till_directories", [](const Names& words) {
                      return "_till_words " + quoted(fmt::format("{}", fmt::join(words, " ")));
                    }};
  std::string options;
  std::string commands;
  for_each(root, [&](const CommandTree& command) {
    Names names;
    for (const OptionShape& option : options_of(root, command))
      names.insert(names.end(), option.names.begin(), option.names.end());
    options += fmt::format("    {}) {} ;;\n", quoted_path(command.path), offer.words(names));
    if (command.commands.empty()) return;
    names.clear();
    for (const CommandTree& below : command.commands) names.push_back(below.name);
    commands += fmt::format("    {}) {} ;;\n", quoted_path(command.path), offer.words(names));
  });
  return fmt::format(kBash, fmt::arg("with_value", fmt::join(options_with_value(root), "|")),
                     fmt::arg("paths", quoted_paths(root)), fmt::arg("values", value_branches(root, offer)),
                     fmt::arg("options", options), fmt::arg("commands", commands),
                     fmt::arg("arguments", argument_branches(root, offer)));
}

constexpr const char* kZsh = R"(#compdef till
# Completion of till for zsh; made by `till completion zsh`.
_till() {{
  local word=${{words[CURRENT]}} previous=${{words[CURRENT-1]}} path_="" given=0 i token
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    token=${{words[i]}}
    case "$token" in
      {with_value}) i=$((i + 1)) ;;
      -*) ;;
      *) case "${{path_:+$path_ }}$token" in
           {paths}) if [ $given = 0 ]; then path_="${{path_:+$path_ }}$token"; fi ;;
           *) given=1 ;;
         esac ;;
    esac
  done
  if [[ "$word" == --*=* ]]; then previous=${{word%%=*}}; compset -P 1 '*='; fi
  case "$previous" in
    {with_value}) case "$path_ $previous" in
{values}    esac; return ;;
  esac
  if [[ "$word" == -* ]]; then
    case "$path_" in
{options}    esac
    _describe -o option offered
    return
  fi
  [ $given = 1 ] || case "$path_" in
{commands}  esac
  (( $#offered )) && _describe command offered
  case "$path_" in
{arguments}  esac
}}
if [[ "${{funcstack[1]}}" = _till ]]; then _till "$@"; else compdef _till till; fi
)";

// A member of an array of _describe: a colon ends the name.
std::string zsh_item(const std::string& name, const std::string& words) {
  std::string escaped;
  for (const char c : name) escaped += (c == ':' ? "\\" : "") + std::string(1, c);
  return quoted(escaped + ":" + words);
}

std::string zsh_script(const CommandTree& root) {
  const Offer offer{"_files", "_files -/",
                    [](const Names& words) { return fmt::format("compadd -- {}", fmt::join(words, " ")); }};
  std::string options;
  std::string commands;
  for_each(root, [&](const CommandTree& command) {
    Names items;
    for (const OptionShape& option : options_of(root, command))
      for (const std::string& name : option.names) items.push_back(zsh_item(name, option.words));
    options += fmt::format("    {}) offered=({}) ;;\n", quoted_path(command.path), fmt::join(items, " "));
    if (command.commands.empty()) return;
    items.clear();
    for (const CommandTree& below : command.commands) items.push_back(zsh_item(below.name, below.words));
    commands += fmt::format("    {}) offered=({}) ;;\n", quoted_path(command.path), fmt::join(items, " "));
  });
  return fmt::format(kZsh, fmt::arg("with_value", fmt::join(options_with_value(root), "|")),
                     fmt::arg("paths", quoted_paths(root)), fmt::arg("values", value_branches(root, offer)),
                     fmt::arg("options", options), fmt::arg("commands", commands),
                     fmt::arg("arguments", argument_branches(root, offer)));
}

constexpr const char* kFish = R"(# Completion of till for fish; made by `till completion fish`.
function __till_at --description 'whether the words of the line lead to this command; first: and no further'
    set -l path
    set -l skip 0
    set -l given 0
    for token in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case {with_value}
                set skip 1
            case '-*'
            case '*'
                if test $given = 1; or not contains -- (string join ' ' $path $token) {paths}
                    set given 1
                else
                    set path $path $token
                end
        end
    end
    test (string join ' ' till $path) = $argv[1]; and test $given = 0 -o (count $argv) = 1
end
complete -c till -f
)";

std::string fish_option(const std::string& condition, const OptionShape& option) {
  std::string line = "complete -c till" + condition;
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.kind == ValueKind::file) line += " -r -F";
  if (option.kind == ValueKind::directory) line += " -x -a '(__fish_complete_directories)'";
  if (option.kind == ValueKind::text)
    line += values_of(option).empty() ? " -x" : fmt::format(" -x -a '{}'", fmt::join(values_of(option), " "));
  return line + " -d " + fish_quoted(option.words) + "\n";
}

// That the line has come to this command, and to nothing behind it.
std::string fish_first(const CommandTree& command) {
  return " -n " +
         fish_quoted(fmt::format("__till_at \"till{}\" first", command.path.empty() ? "" : " " + command.path));
}

std::string fish_script(const CommandTree& root) {
  Names paths = paths_of(root);
  std::ranges::transform(paths, paths.begin(), fish_quoted);
  std::string text = fmt::format(kFish, fmt::arg("with_value", fmt::join(options_with_value(root), " ")),
                                 fmt::arg("paths", fmt::join(paths, " ")));
  for_each(root, [&](const CommandTree& command) {
    const std::string condition =
        command.path.empty() ? "" : " -n " + fish_quoted("__till_at \"till " + command.path + "\"");
    for (const OptionShape& option : command.options) text += fish_option(condition, option);
    for (const CommandTree& below : command.commands)
      text +=
          fmt::format("complete -c till{} -a {} -d {}\n", fish_first(command), below.name, fish_quoted(below.words));
    if (command.arguments.empty()) return;
    const OptionShape& argument = command.arguments.front();
    const std::string place = argument.repeats ? condition : fish_first(command);
    if (!values_of(argument).empty())
      text += fmt::format("complete -c till{} -a '{}'\n", place, fmt::join(values_of(argument), " "));
    else if (argument.kind == ValueKind::file)
      text += fmt::format("complete -c till{} -F\n", place);
  });
  return text;
}

// The commands of `tree` as words behind the command `path`, which takes their names.
std::vector<CommandTree> names_of(const CommandTree& tree, const std::string& path) {
  std::vector<CommandTree> names;
  for (const CommandTree& command : tree.commands) {
    CommandTree& name = names.emplace_back();
    name.path = path + " " + command.name;
    name.name = command.name;
    name.words = command.words;
    name.commands = names_of(command, name.path);
  }
  return names;
}

}  // namespace

int completion(const CommandTree& app, const std::string& shell) {
  CommandTree tree = app;
  for (CommandTree& each : tree.commands) {
    if (each.name == "help" || each.name == "man") each.commands = names_of(app, each.path);
  }
  if (shell == "bash") {
    print_text(bash_script(tree));
  } else {
    print_text(shell == "zsh" ? zsh_script(tree) : fish_script(tree));
  }
  return kOk;
}

}  // namespace cli
