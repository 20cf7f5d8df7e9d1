#include "engine/lambda/json_check.h"

#include <simdjson.h>

#include <algorithm>

namespace engine::lambda {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

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

// nullopt: not understood.
std::optional<std::vector<bool>> read_failures(const element& answer, const std::vector<std::string>& message_ids) {
  std::vector<bool> failed(message_ids.size(), false);
  if (answer.is_null()) return failed;
  std::string_view text;
  if (answer.get(text) == simdjson::SUCCESS && text.empty()) return failed;
  array list;
  if (answer.get(list) == simdjson::SUCCESS && list.size() == 0) return failed;
  object fields;
  if (answer.get(fields) != simdjson::SUCCESS) return std::nullopt;
  element failures;
  if (fields.at_key("batchItemFailures").get(failures) != simdjson::SUCCESS || failures.is_null()) return failed;
  if (failures.get(list) != simdjson::SUCCESS) return std::nullopt;
  for (const element failure : list) {
    std::string_view id;
    if (failure["itemIdentifier"].get(id) != simdjson::SUCCESS) return std::nullopt;
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
    return std::string(simdjson::error_message(error));
  });
}

bool is_json_object(std::string_view text) {
  return with_parser(text, [&](simdjson::dom::parser& parser) {
    object fields;
    return parser.parse(text.data(), text.size()).get(fields) == simdjson::SUCCESS;
  });
}

std::string error_message_of(std::string_view document) {
  return with_parser(document, [&](simdjson::dom::parser& parser) {
    element root;
    std::string_view text;
    if (parser.parse(document.data(), document.size()).get(root) != simdjson::SUCCESS) return std::string();
    if (root.at_pointer("/errorMessage").get(text) != simdjson::SUCCESS) return std::string();
    return std::string(text);
  });
}

std::vector<bool> failed_messages(std::string_view answer, const std::vector<std::string>& message_ids) {
  if (answer.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return std::vector<bool>(message_ids.size(), false);
  auto failed = with_parser(answer, [&](simdjson::dom::parser& parser) -> std::optional<std::vector<bool>> {
    element root;
    if (parser.parse(answer.data(), answer.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    return read_failures(root, message_ids);
  });
  return failed ? std::move(*failed) : std::vector<bool>(message_ids.size(), true);
}

}  // namespace engine::lambda
