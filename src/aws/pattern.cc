#include "aws/pattern.h"

#include <limits>

namespace aws {

namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

// The code point at text[i], which is moved behind it.
char32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t at) { return static_cast<uint8_t>(text[at]); };
  const uint8_t lead = byte(i++);
  const std::size_t more = lead < 0xC2 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : 0;
  if (more == 0 || text.size() - i < more) return lead;
  char32_t c = lead & (0x3F >> more);
  for (std::size_t k = 0; k < more; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return lead;
    c = c << 6 | (byte(i + k) & 0x3F);
  }
  i += more;
  return c;
}

}  // namespace

std::u32string code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) out += next_code_point(text, i);
  return out;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) next_code_point(text, i);
  return count;
}

bool Pattern::CharacterSet::contains(char32_t c) const {
  if (c < 256) return low[c] != negated;
  bool found = false;
  for (const auto& [first, last] : high) found = found || (c >= first && c <= last);
  for (const char category : categories) found = found || in_unicode_category(category, c);
  return found != negated;
}

// Recursive descent into a tree, then the tree into a program. Patterns come from AWS's models, which are part of this
// program, so their nesting needs no bound; their size does, for what repeats expand to.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view regex) : regex_(regex) {}

  std::optional<Pattern> compile() {
    const Node tree = alternatives();
    if (failed_ || at_ != regex_.size()) return std::nullopt;
    note_single_repeat(tree);
    emit(tree);
    emit({.code = Pattern::Code::match});
    if (failed_) return std::nullopt;
    return std::move(pattern_);
  }

 private:
  static constexpr std::size_t kProgramMax = 20000;

  struct Node {
    enum class Type { sequence, alternatives, repeat, set, begin, end, look_ahead, look_behind } type;
    std::vector<Node> children = {};
    uint32_t set = 0;
    std::size_t min = 0;
    std::size_t max = 0;
    bool negated = false;
  };

  // --- reading
  bool more() const { return at_ < regex_.size(); }
  bool take(std::string_view text) {
    if (!regex_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  Node fail() {
    failed_ = true;
    at_ = regex_.size();
    return {.type = Node::Type::sequence};
  }

  Node alternatives() {
    Node node = {.type = Node::Type::alternatives};
    do node.children.push_back(sequence());
    while (take("|"));
    return node.children.size() == 1 ? Node(std::move(node.children.front())) : node;
  }

  Node sequence() {
    Node node = {.type = Node::Type::sequence};
    while (more() && regex_[at_] != '|' && regex_[at_] != ')') node.children.push_back(repeat(atom()));
    return node.children.size() == 1 ? Node(std::move(node.children.front())) : node;
  }

  Node repeat(Node body) {
    Node node = {.type = Node::Type::repeat};
    if (take("*")) {
      node.max = kUnbounded;
    } else if (take("+")) {
      node.min = 1;
      node.max = kUnbounded;
    } else if (take("?")) {
      node.max = 1;
    } else if (take("{")) {
      node.min = node.max = number();
      if (take(",")) node.max = more() && regex_[at_] == '}' ? kUnbounded : number();
      if (!take("}") || node.max < node.min) return fail();
    } else {
      return body;
    }
    if (more() && (regex_[at_] == '?' || regex_[at_] == '+')) return fail();  // lazy, possessive
    node.children.push_back(std::move(body));
    return node;
  }

  std::size_t number() {
    std::size_t value = 0;
    const std::size_t start = at_;
    while (more() && regex_[at_] >= '0' && regex_[at_] <= '9' && value < kProgramMax)
      value = value * 10 + static_cast<std::size_t>(regex_[at_++] - '0');
    if (at_ == start) fail();
    return value;
  }

  Node atom() {
    if (take("^")) return {.type = Node::Type::begin};
    if (take("$")) return {.type = Node::Type::end};
    if (take("(")) return group();
    Pattern::CharacterSet set;
    if (take("[")) {
      if (!character_class(set)) return fail();
    } else if (take(".")) {
      for (const unsigned line_end : {0x0Au, 0x0Du, 0x85u}) set.low.set(line_end);
      set.high.emplace_back(0x2028, 0x2029);
      set.negated = true;
    } else if (const auto literal = character(set); failed_) {
      return fail();
    } else if (literal.has_value()) {
      add_range(set, *literal, *literal);
    }
    return set_node(std::move(set));
  }

  Node set_node(Pattern::CharacterSet set) {
    pattern_.sets_.push_back(std::move(set));
    return {.type = Node::Type::set, .set = static_cast<uint32_t>(pattern_.sets_.size() - 1)};
  }

  Node group() {
    const bool ahead = take("?="), not_ahead = !ahead && take("?!");
    const bool behind = take("?<="), not_behind = !behind && take("?<!");
    take("?:");
    if (more() && regex_[at_] == '?') return fail();  // flags, names
    Node inner = alternatives();
    if (!take(")")) return fail();
    if (ahead || not_ahead) {
      Node look = {.type = Node::Type::look_ahead, .negated = not_ahead};
      look.children.push_back(std::move(inner));
      return look;
    }
    if (!behind && !not_behind) return inner;
    if (inner.type != Node::Type::set) return fail();
    return {.type = Node::Type::look_behind, .set = inner.set, .negated = not_behind};
  }

  bool character_class(Pattern::CharacterSet& set) {
    const bool negated = take("^");
    while (!take("]")) {
      if (!more() || regex_[at_] == '[' || regex_.substr(at_).starts_with("&&")) return false;
      const auto first = character(set);
      if (failed_) return false;
      if (!first.has_value()) continue;  // \w and its like: no range starts with it
      auto last = first;
      if (regex_.substr(at_).starts_with("-") && at_ + 1 < regex_.size() && regex_[at_ + 1] != ']') {
        ++at_;
        last = character(set);
        if (failed_ || !last.has_value() || *last < *first) return false;
      }
      add_range(set, *first, *last);
    }
    set.negated = negated;
    return true;
  }

  // One character, escaped or not; or nullopt and what the escape stands for is added to `set`.
  std::optional<char32_t> character(Pattern::CharacterSet& set) {
    if (!more()) return fail(), std::nullopt;
    if (regex_[at_] != '\\') return next_code_point(regex_, at_);
    if (++at_ == regex_.size()) return fail(), std::nullopt;
    const char c = regex_[at_++];
    switch (c) {
      case 'd':
      case 'w':
      case 's':
      case 'D':
      case 'W':
      case 'S':
        add_class(set, c);
        return std::nullopt;
      case 'p':
        add_category(set);
        return std::nullopt;
      case 'u':
        return hex(4);
      case 'x':
        return hex(2);
      case 't':
        return U'\t';
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      default:
        break;
    }
    // Letters and digits have meanings that are not built here (\b, \1); everything else stands for itself.
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return fail(), std::nullopt;
    return static_cast<char32_t>(static_cast<uint8_t>(c));
  }

  std::optional<char32_t> hex(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = more() ? regex_[at_++] : '?';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail(), std::nullopt;
      value = value * 16 + static_cast<char32_t>(digit);
    }
    return value;
  }

  static void add_range(Pattern::CharacterSet& set, char32_t first, char32_t last) {
    for (char32_t c = first; c <= last && c < 256; ++c) set.low.set(c);
    if (last >= 256) set.high.emplace_back(std::max<char32_t>(first, 256), last);
  }

  // Java's \d \w \s are ASCII.
  static void add_class(Pattern::CharacterSet& set, char name) {
    std::bitset<256> members;
    for (unsigned c = 0; c < 128; ++c) {
      const bool digit = c >= '0' && c <= '9';
      const bool word = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      const bool space = c == ' ' || (c >= 9 && c <= 13);
      const char lower = static_cast<char>(name | 0x20);
      members[c] = lower == 'd' ? digit : lower == 'w' ? word : space;
    }
    const bool complement = name < 'a';
    set.low |= complement ? ~members : members;
    if (complement) set.high.emplace_back(256, 0x10FFFF);
  }

  void add_category(Pattern::CharacterSet& set) {
    for (const char category : {'L', 'N', 'Z'}) {
      if (!take(std::string("{") + category + "}")) continue;
      set.categories += category;
      for (unsigned c = 0; c < 256; ++c)
        if (in_unicode_category(category, c)) set.low.set(c);
      return;
    }
    if (!take("{Print}")) {
      fail();
      return;
    }
    add_range(set, 0x20, 0x7E);
  }

  // --- writing
  void emit(Pattern::Instruction instruction) {
    if (pattern_.program_.size() >= kProgramMax)
      failed_ = true;
    else
      pattern_.program_.push_back(instruction);
  }
  uint32_t here() const { return static_cast<uint32_t>(pattern_.program_.size()); }
  Pattern::Instruction& at(uint32_t place) { return pattern_.program_[place]; }

  void emit(const Node& node) {
    if (failed_) return;
    switch (node.type) {
      case Node::Type::sequence:
        for (const Node& child : node.children) emit(child);
        return;
      case Node::Type::alternatives:
        emit_alternatives(node);
        return;
      case Node::Type::repeat:
        emit_repeat(node);
        return;
      case Node::Type::set:
        emit({.code = Pattern::Code::set, .x = node.set});
        return;
      case Node::Type::begin:
        emit({.code = Pattern::Code::begin});
        return;
      case Node::Type::end:
        emit({.code = Pattern::Code::end});
        return;
      case Node::Type::look_ahead: {
        const uint32_t look = here();
        emit({.code = Pattern::Code::look_ahead, .x = look + 1, .negated = node.negated});
        emit(node.children.front());
        emit({.code = Pattern::Code::match});
        if (!failed_) at(look).y = here();
        return;
      }
      case Node::Type::look_behind:
        emit({.code = Pattern::Code::look_behind, .x = node.set, .y = here() + 1, .negated = node.negated});
        return;
    }
  }

  void emit_alternatives(const Node& node) {
    std::vector<uint32_t> jumps;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      const uint32_t split = here();
      if (!last) emit({.code = Pattern::Code::split, .x = split + 1});
      emit(node.children[i]);
      if (last) break;
      jumps.push_back(here());
      emit({.code = Pattern::Code::jump});
      if (failed_) return;
      at(split).y = here();
    }
    for (const uint32_t jump : jumps) at(jump).x = here();
  }

  void emit_repeat(const Node& node) {
    const Node& body = node.children.front();
    for (std::size_t i = 0; i < node.min && !failed_; ++i) emit(body);
    if (node.max == kUnbounded) {
      const uint32_t split = here();
      emit({.code = Pattern::Code::split, .x = split + 1});
      emit(body);
      emit({.code = Pattern::Code::jump, .x = split});
      if (!failed_) at(split).y = here();
      return;
    }
    std::vector<uint32_t> splits;
    for (std::size_t i = node.min; i < node.max && !failed_; ++i) {
      splits.push_back(here());
      emit({.code = Pattern::Code::split, .x = here() + 1});
      emit(body);
    }
    if (failed_) return;
    for (const uint32_t split : splits) at(split).y = here();
  }

  // Most patterns are [set]+ with or without ^ and $, which needs no program.
  void note_single_repeat(const Node& tree) {
    const Node* only = &tree;
    if (tree.type == Node::Type::sequence) {
      only = nullptr;
      for (const Node& child : tree.children) {
        const bool anchor = (child.type == Node::Type::begin && &child == &tree.children.front()) ||
                            (child.type == Node::Type::end && &child == &tree.children.back());
        if (anchor) continue;
        if (only != nullptr) return;
        only = &child;
      }
    }
    if (only == nullptr || only->type != Node::Type::repeat) return;
    const Node& body = only->children.front();
    if (body.type == Node::Type::set) pattern_.repeat_ = {body.set, only->min, only->max};
  }

  std::string_view regex_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Pattern pattern_;
};

std::optional<Pattern> Pattern::compile(std::string_view regex) {
  return PatternCompiler(regex).compile();
}

// A set of instructions in the order in which they were added; `marks` tells which are in it.
struct Pattern::Threads {
  explicit Threads(std::size_t size) : marks(size, false) {}
  void clear() {
    for (const uint32_t place : places) marks[place] = false;
    places.clear();
  }
  std::vector<uint32_t> places;  // every instruction visited, also those that only lead on
  std::vector<bool> marks;
  std::vector<uint32_t> todo;
};

void Pattern::add_thread(Threads& threads, uint32_t start, const std::u32string& text, std::size_t position) const {
  threads.todo.push_back(start);
  while (!threads.todo.empty()) {
    const uint32_t place = threads.todo.back();
    threads.todo.pop_back();
    if (threads.marks[place]) continue;
    threads.marks[place] = true;
    threads.places.push_back(place);
    const Instruction& step = program_[place];
    switch (step.code) {
      case Code::set:
      case Code::match:
        break;
      case Code::split:
        threads.todo.push_back(step.y);
        threads.todo.push_back(step.x);
        break;
      case Code::jump:
        threads.todo.push_back(step.x);
        break;
      case Code::begin:
        if (position == 0) threads.todo.push_back(place + 1);
        break;
      case Code::end:
        if (position == text.size()) threads.todo.push_back(place + 1);
        break;
      case Code::look_ahead:
        if (run(step.x, text, position, false) != step.negated) threads.todo.push_back(step.y);
        break;
      case Code::look_behind:
        if ((position > 0 && sets_[step.x].contains(text[position - 1])) != step.negated)
          threads.todo.push_back(step.y);
        break;
    }
  }
}

bool Pattern::run(uint32_t start, const std::u32string& text, std::size_t position, bool whole) const {
  Threads now(program_.size());
  Threads next(program_.size());
  add_thread(now, start, text, position);
  for (;; ++position) {
    next.clear();
    for (const uint32_t place : now.places) {
      const Instruction& step = program_[place];
      if (step.code == Code::match && (!whole || position == text.size())) return true;
      if (step.code == Code::set && position < text.size() && sets_[step.x].contains(text[position]))
        add_thread(next, place + 1, text, position + 1);
    }
    if (position == text.size() || next.places.empty()) return false;
    std::swap(now, next);
  }
}

bool Pattern::matches(std::string_view text) const {
  if (repeat_.has_value()) {
    const CharacterSet& set = sets_[repeat_->set];
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count)
      if (!set.contains(next_code_point(text, i))) return false;
    return count >= repeat_->min && count <= repeat_->max;
  }
  if (text.size() > kTextBytesMax) return false;
  return run(0, code_points(text), 0, true);
}

}  // namespace aws
