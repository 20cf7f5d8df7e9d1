#include "pipeline/text_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pipeline {

std::expected<TextTemplate, std::string> TextTemplate::parse(std::string_view text,
                                                             const std::vector<std::string>& names) {
  TextTemplate out;
  std::string literal;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = (c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c;
    if (doubled) ++at;
    if (doubled || (c != '{' && c != '}')) {
      literal.push_back(c);
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (c == '}' || end == text.npos) return std::unexpected("has a brace without its other");
    std::string name(text.substr(at + 1, end - at - 1));
    if (std::ranges::find(names, name) == names.end())
      return std::unexpected(
          fmt::format("names {{{}}}, and an order's notification has {{{}}}", name, fmt::join(names, "}, {")));
    out.pieces_.push_back({std::exchange(literal, {}), std::move(name)});
    at = end;
  }
  if (!literal.empty()) out.pieces_.push_back({std::move(literal), {}});
  return out;
}

std::string TextTemplate::render(const std::function<std::string(std::string_view name)>& value_of) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (!piece.name.empty()) out += value_of(piece.name);
  }
  return out;
}

}  // namespace pipeline
