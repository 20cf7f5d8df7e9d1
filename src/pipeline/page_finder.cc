#include "pipeline/page_finder.h"

#include <algorithm>
#include <vector>

#include "pipeline/json_scan.h"

namespace pipeline {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

struct Member {
  std::string_view name;   // as it is spelled
  std::string_view value;  // as far as the text goes
};

// The members of an object one after the other, until the text is no object any more or is at its end.
class Members {
 public:
  // `text` begins with the object's bracket.
  explicit Members(std::string_view text) : text_(text), at_(1) {}

  std::optional<Member> next() {
    skip(" \t\r\n,");
    if (!is_at('"')) return std::nullopt;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    const std::string_view name = text_.substr(begin, at_++ - begin);
    skip(kSpace);
    if (!is_at(':')) return std::nullopt;
    ++at_;
    skip(kSpace);
    return Member{name, value()};
  }

 private:
  [[nodiscard]] bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip(std::string_view what) { at_ = std::min(text_.size(), text_.find_first_not_of(what, at_)); }
  std::string_view value() {
    const std::size_t begin = at_;
    ValueScan scan;
    while (at_ < text_.size()) {
      const ValueScan::Seen seen = scan.see(text_[at_]);
      if (seen == ValueScan::Seen::outside) break;
      ++at_;
      if (seen != ValueScan::Seen::inside) break;
    }
    std::string_view out = text_.substr(begin, at_ - begin);
    while (!out.empty() && kSpace.contains(out.back())) out.remove_suffix(1);
    return out;
  }

  std::string_view text_;
  std::size_t at_;
};

std::vector<Member> members_of(std::string_view object) {
  std::vector<Member> out;
  Members members(object);
  while (const auto member = members.next()) out.push_back(*member);
  return out;
}

// One of the places is there as far as its first step goes.
bool has(const std::vector<Member>& members, const FieldSource& places) {
  const auto has_step = [&](const std::string& step) {
    return std::ranges::any_of(members, [&](const Member& member) {
      return member.name == step && member.value != "null" && member.value != "\"\"";
    });
  };
  return std::ranges::any_of(places, [&](const FieldTemplate& place) {
    return std::ranges::all_of(place.pieces(), [&](const FieldTemplate::Piece& piece) {
      return !piece.path.has_value() || has_step(piece.path->steps().front());
    });
  });
}

// The first element of an array of objects; empty if it is none.
std::string_view first_object(std::string_view array) {
  if (!array.starts_with('[')) return {};
  const std::size_t at = array.find_first_not_of(kSpace, 1);
  return at != std::string_view::npos && array[at] == '{' ? array.substr(at) : std::string_view();
}

}  // namespace

std::optional<std::string> find_records(std::string_view object, const RecordMarks& marks) {
  if (marks.id.empty() || !object.starts_with('{')) return std::nullopt;
  const std::vector<Member> members = members_of(object);
  if (has(members, marks.id)) return std::nullopt;
  const Member* found = nullptr;
  for (const Member& member : members) {
    if (first_object(member.value).empty()) continue;
    if (found != nullptr) return std::nullopt;
    found = &member;
  }
  if (found == nullptr || found->name.contains('\\')) return std::nullopt;
  const std::vector<Member> first = members_of(first_object(found->value));
  if (!has(first, marks.id) || !has(first, marks.amount)) return std::nullopt;
  std::string pointer;
  append_pointer_step(found->name, pointer);
  return pointer;
}

std::string contradiction(std::string_view behind, const RecordMarks& marks) {
  const std::string object = "{" + std::string(behind);
  const std::vector<Member> members = members_of(object);
  if (has(members, marks.id)) return "an object has an id behind what was taken for its records";
  const bool another =
      std::ranges::any_of(members, [](const Member& each) { return !first_object(each.value).empty(); });
  return another ? "an object has several arrays of objects" : "";
}

}  // namespace pipeline
