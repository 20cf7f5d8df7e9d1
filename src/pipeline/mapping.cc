#include "pipeline/mapping.h"

#include <fmt/format.h>

#include <utility>

namespace pipeline {

std::expected<FieldTemplate, std::string> FieldTemplate::parse(std::string_view text) {
  FieldTemplate out;
  if (text.find_first_of("{}") == text.npos) {
    auto path = FieldPath::parse(text);
    if (!path.has_value()) return std::unexpected(std::move(path).error());
    out.text_ = path->pointer();
    out.pieces_.push_back({{}, std::move(*path)});
    return out;
  }
  out.text_ = text;
  const auto wrong = [&](std::string_view why) {
    return std::unexpected(fmt::format("the template \"{}\" {}", text, why));
  };
  std::string literal;
  bool has_path = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = (c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c;
    if (doubled) ++at;
    if (doubled || (c != '{' && c != '}')) {
      literal.push_back(c);
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (c == '}' || end == text.npos) return wrong("has a brace without its other");
    auto path = FieldPath::parse(text.substr(at + 1, end - at - 1));
    if (!path.has_value()) return wrong("has a wrong path: " + path.error());
    out.pieces_.push_back({std::exchange(literal, {}), std::move(*path)});
    has_path = true;
    at = end;
  }
  if (!has_path) return wrong("names no field");
  if (!literal.empty()) out.pieces_.push_back({std::move(literal), std::nullopt});
  return out;
}

const Mapping& original_mapping() {
  static const Mapping mapping = [] {
    Mapping m;
    m.transaction_id.push_back(FieldTemplate::parse("/transaction_id").value());
    m.amount.push_back(FieldTemplate::parse("/amount").value());
    m.item.push_back(FieldTemplate::parse("/item").value());
    m.item_required = true;
    m.keeps_record = false;
    m.numbers_are_text = false;
    return m;
  }();
  return mapping;
}

}  // namespace pipeline
