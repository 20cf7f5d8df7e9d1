#include "engine/lambda/json_check.h"

#include <simdjson.h>

#include <algorithm>

namespace engine::lambda {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kKeptParserBytesMax = 256 * 1024;  // larger documents do not leave their memory behind

template <class F>
auto with_parser(std::string_view text, F&& use) {
  if (text.size() > kKeptParserBytesMax) {
    simdjson::dom::parser parser;
    return use(parser);
  }
  thread_local simdjson::dom::parser kept;
  return use(kept);
}

// The grammar of RFC 8259, for what simdjson refuses although it is JSON: numbers of any size, halves of surrogate
// pairs. The text is UTF-8 already.
class Grammar {
 public:
  explicit Grammar(std::string_view text) : rest_(text) {}
  bool is_document() {
    if (!value(0)) return false;
    skip_space();
    return rest_.empty();
  }

 private:
  static constexpr std::size_t kDepthMax = 1024;  // simdjson's

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool take_one_of(std::string_view choice) {
    if (rest_.empty() || choice.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool digits() {
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }
  bool number() {
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (!take_one_of("eE")) return true;
    take_one_of("+-");
    return digits();
  }
  bool string() {
    if (!take("\"")) return false;
    for (;;) {
      const std::size_t plain = rest_.find_first_of("\"\\");
      if (plain == std::string_view::npos) return false;
      if (std::ranges::any_of(rest_.substr(0, plain), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
        return false;
      rest_.remove_prefix(plain);
      if (take("\"")) return true;
      rest_.remove_prefix(1);
      if (take("u")) {
        for (int i = 0; i < 4; ++i)
          if (!take_one_of("0123456789abcdefABCDEF")) return false;
      } else if (!take_one_of("\"\\/bfnrt")) {
        return false;
      }
    }
  }
  // What stands between `open` and `close`, of which the first is taken already.
  template <class Item>
  bool items(std::string_view close, Item item) {
    skip_space();
    if (take(close)) return true;
    do {
      skip_space();
      if (!item()) return false;
      skip_space();
    } while (take(","));
    return take(close);
  }
  bool value(std::size_t depth) {
    if (depth > kDepthMax) return false;
    skip_space();
    if (take("[")) return items("]", [&] { return value(depth + 1); });
    if (take("{")) return items("}", [&] { return member(depth); });
    if (rest_.starts_with('"')) return string();
    return take("true") || take("false") || take("null") || number();
  }
  bool member(std::size_t depth) {
    if (!string()) return false;
    skip_space();
    return take(":") && value(depth + 1);
  }

  std::string_view rest_;
};

// nullopt: not understood. On-Demand, because it looks at no numbers that nobody asks for.
std::optional<std::vector<bool>> read_failures(std::string_view answer, const std::vector<std::string>& message_ids) {
  std::vector<bool> failed(message_ids.size(), false);
  const simdjson::padded_string text(answer);
  od::parser parser;
  od::document document;
  od::json_type type;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS || document.type().get(type) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  if (type == od::json_type::null) return failed;
  std::string_view empty;
  if (type == od::json_type::string && document.get_string().get(empty) == simdjson::SUCCESS && empty.empty()) {
    return failed;
  }
  std::size_t count = 0;
  if (type == od::json_type::array && document.count_elements().get(count) == simdjson::SUCCESS && count == 0) {
    return failed;
  }
  if (type != od::json_type::object) return std::nullopt;
  od::value failures;
  if (document.find_field_unordered("batchItemFailures").get(failures) != simdjson::SUCCESS) return failed;
  if (failures.type().get(type) != simdjson::SUCCESS) return std::nullopt;
  if (type == od::json_type::null) return failed;
  od::array list;
  if (failures.get_array().get(list) != simdjson::SUCCESS) return std::nullopt;
  for (auto failure : list) {
    std::string_view id;
    if (failure["itemIdentifier"].get_string().get(id) != simdjson::SUCCESS) return std::nullopt;
    const auto found = std::ranges::find(message_ids, id);
    if (id.empty() || found == message_ids.end()) return std::nullopt;
    failed[static_cast<std::size_t>(found - message_ids.begin())] = true;
  }
  return failed;
}

}  // namespace

std::optional<std::string> json_problem(std::string_view text) {
  return with_parser(text, [&](simdjson::dom::parser& parser) -> std::optional<std::string> {
    const auto error = parser.parse(text.data(), text.size()).error();
    if (error == simdjson::SUCCESS) return std::nullopt;
    // Everything else it says of the text as a whole, UTF-8 among it, or of its nesting.
    const bool may_be_json = error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR;
    if (may_be_json && Grammar(text).is_document()) return std::nullopt;
    return std::string(simdjson::error_message(error));
  });
}

bool is_json_object(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{' && !json_problem(text);
}

std::string error_message_of(std::string_view document) {
  const simdjson::padded_string text(document);
  od::parser parser;
  od::document root;
  std::string_view message;
  if (parser.iterate(text).get(root) != simdjson::SUCCESS) return {};
  if (root["errorMessage"].get_string().get(message) != simdjson::SUCCESS) return {};
  return std::string(message);
}

std::vector<bool> failed_messages(std::string_view answer, const std::vector<std::string>& message_ids) {
  if (answer.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return std::vector<bool>(message_ids.size(), false);
  auto failed = json_problem(answer) ? std::nullopt : read_failures(answer, message_ids);
  return failed ? std::move(*failed) : std::vector<bool>(message_ids.size(), true);
}

}  // namespace engine::lambda
