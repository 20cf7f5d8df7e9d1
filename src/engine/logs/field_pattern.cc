#include "engine/logs/field_pattern.h"

#include <algorithm>

namespace engine::logs {
namespace {

constexpr std::string_view kBareCharacters = ".*+-";

bool is_name_character(char c) {
  return is_word_character(c) || c == '-';
}

}  // namespace

base::Result<FieldPattern::Field> FieldPattern::read_field(PatternReader& reader) {
  Field out;
  if (reader.take("...")) {
    out.is_ellipsis = true;
    return out;
  }
  out.name = reader.take_while(is_name_character);
  if (parse_number(out.name)) return reader.refuse("the name of a field must not be a number");
  reader.skip_spaces();
  if (reader.at_end() || reader.peek() == ',' || reader.peek() == ']') return out;
  // The condition repeats the name before each comparison; the first one was read just now.
  bool first = true;
  const auto read_test = [&](PatternReader& at) -> base::Result<Comparison> {
    if (!first || out.name.empty()) {
      const std::string_view name = at.take_while(is_name_character);
      if (out.name.empty() && !parse_number(name)) out.name = name;
      if (name.empty() || name != out.name) return at.refuse("a condition must be about the field it stands in");
      at.skip_spaces();
    }
    first = false;
    return Comparison::parse(at, kBareCharacters);
  };
  TRY_ASSIGN(out.condition, Expression<Comparison>::parse(reader, read_test));
  return out;
}

base::Result<FieldPattern> FieldPattern::parse(PatternReader& reader) {
  FieldPattern out;
  if (!reader.take("[")) return reader.refuse("a [ is missing");
  reader.skip_spaces();
  if (reader.take("]")) return out;
  do {
    reader.skip_spaces();
    TRY_ASSIGN(Field field, read_field(reader));
    if (field.is_ellipsis) {
      if (out.ellipsis_) return reader.refuse("it can have only one ellipsis");
      out.ellipsis_ = out.fields_.size();
    }
    const auto same_name = [&](const Field& other) { return !field.name.empty() && other.name == field.name; };
    if (std::ranges::any_of(out.fields_, same_name)) return reader.refuse("two fields have the same name");
    out.fields_.push_back(std::move(field));
    reader.skip_spaces();
  } while (reader.take(","));
  if (!reader.take("]")) return reader.refuse("a closing ] is missing");
  return out;
}

std::string_view FieldPattern::text_of(std::size_t index, EventText& event) const {
  const auto& texts = event.fields();
  if (ellipsis_ && index > *ellipsis_) return texts[texts.size() - (fields_.size() - index)];
  const bool takes_rest = !ellipsis_ && index + 1 == fields_.size() && texts.size() > fields_.size();
  return takes_rest ? event.from_field(index) : texts[index];
}

bool FieldPattern::matches(EventText& event) const {
  if (event.fields().size() < fields_.size() - (ellipsis_ ? 1 : 0)) return false;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!fields_[i].condition) continue;
    const std::string_view text = text_of(i, event);
    const Comparison::Value value{text, parse_number(text)};
    if (!fields_[i].condition->holds([&](const Comparison& each) { return each.accepts(value); })) return false;
  }
  return true;
}

aws::Map<std::string> FieldPattern::extract(EventText& event) const {
  aws::Map<std::string> out;
  const auto& texts = event.fields();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::size_t behind = fields_.size() - i - 1;  // names that still come
    if (fields_[i].is_ellipsis) {
      // append() looks for no duplicates: names are no numbers, and there may be very many fields.
      for (std::size_t at = i; at < texts.size() - behind; ++at) out.append("$" + std::to_string(at + 1)) = texts[at];
      continue;
    }
    const std::size_t position = ellipsis_ && i > *ellipsis_ ? texts.size() - behind : i + 1;
    const std::string name = fields_[i].name.empty() ? std::to_string(position) : fields_[i].name;
    out.append("$" + name) = text_of(i, event);
  }
  return out;
}

bool FieldPattern::names(std::string_view reference) const {
  if (!reference.starts_with('$')) return false;
  reference.remove_prefix(1);
  const bool is_number = !reference.empty() && reference.find_first_not_of("0123456789") == reference.npos;
  return std::ranges::any_of(fields_, [&](const Field& field) {
    return is_number ? field.is_ellipsis || field.name.empty() : !field.name.empty() && field.name == reference;
  });
}

std::size_t FieldPattern::work() const {
  std::size_t out = 2;  // to find the fields
  for (const Field& field : fields_) {
    if (field.condition) field.condition->each_test([&](const Comparison& each) { out += each.work(); });
  }
  return out;
}

std::size_t FieldPattern::regex_count() const {
  std::size_t out = 0;
  for (const Field& field : fields_) {
    if (field.condition) field.condition->each_test([&](const Comparison& each) { out += each.has_regex() ? 1 : 0; });
  }
  return out;
}

}  // namespace engine::logs
