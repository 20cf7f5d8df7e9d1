#include "aws/client/repeatable.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "aws/http/message.h"

namespace aws::client {
namespace {

constexpr auto kReads =
    std::to_array<std::string_view>({"Get", "List", "Describe", "Head", "BatchGet", "Filter", "Test", "Query", "Scan"});
constexpr auto kWrites = std::to_array<std::string_view>(
    {"Put",       "Delete",  "Create", "Update", "Set",    "Tag",     "Untag",       "Attach",
     "Detach",    "Add",     "Remove", "Upload", "Copy",   "Abort",   "Complete",    "Enable",
     "Subscribe", "Disable", "Change", "Cancel", "Assume", "Confirm", "Unsubscribe", "BatchWrite"});
// What such a verb promises and these do not keep: each call of them adds something.
constexpr auto kAdding =
    std::to_array<std::string_view>({"PutMetricData", "PutLogEvents", "CreateMultipartUpload", "CreatePolicyVersion"});

bool starts_with_any(std::string_view name, std::span<const std::string_view> verbs) {
  return std::ranges::any_of(verbs, [name](std::string_view verb) { return name.starts_with(verb); });
}

const std::string* text_of(const StructDesc& shape, const void* object, std::string_view member_name) {
  const MemberDesc* member = shape.find(member_name);
  if (member == nullptr || member->unsupported() || member->type->kind != Kind::string) return nullptr;
  return static_cast<const std::string*>(member->get(object));
}

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ',';
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
    const std::size_t end = at + word.size();
    if (http::equal_ignoring_case(text.substr(at, word.size()), word) && (at == 0 || is_separator(text[at - 1])) &&
        (end == text.size() || is_separator(text[end])))
      return true;
  }
  return false;
}

// SET x = :v and REMOVE x say what is to be; sums, ADD and list_append rest on what was.
bool sets_only(const std::string* expression) {
  return expression == nullptr || (expression->find_first_of("+-") == std::string::npos &&
                                   !has_word(*expression, "ADD") && !has_word(*expression, "list_append"));
}

// PartiQL: a second INSERT finds the key taken, a second DELETE nothing. UPDATE is judged as an update expression.
bool is_repeatable_statement(const std::string* statement) {
  if (statement == nullptr) return true;
  const std::string_view text =
      std::string_view(*statement).substr(std::min(statement->find_first_not_of(" \t\r\n"), statement->size()));
  if (http::equal_ignoring_case(text.substr(0, 6), "UPDATE")) return sets_only(statement);
  return std::ranges::any_of(std::array<std::string_view, 3>{"SELECT", "INSERT", "DELETE"}, [text](auto verb) {
    return http::equal_ignoring_case(text.substr(0, verb.size()), verb);
  });
}

// Whether `holds` of every structure in the list member of that name.
template <class Predicate>
bool holds_for_all(const StructDesc& shape, const void* object, std::string_view member_name, Predicate holds) {
  const MemberDesc* member = shape.find(member_name);
  if (member == nullptr || member->unsupported() || member->type->kind != Kind::list) return false;
  const ListAccess& list = *member->type->list;
  const void* const values = member->get(object);
  if (values == nullptr || list.element->kind != Kind::structure) return false;
  for (std::size_t i = 0; i < list.size(values); ++i) {
    if (!holds(*list.element->structure, list.at(values, i))) return false;
  }
  return true;
}

bool has_token(const StructDesc& shape, const void* in) {
  return std::ranges::any_of(shape.members,
                             [in](const MemberDesc& member) { return member.idempotency_token && member.get(in); });
}

}  // namespace

bool only_reads(const OperationDesc& operation) {
  return starts_with_any(operation.name, kReads);
}

bool is_repeatable(const OperationDesc& operation, const void* in) {
  const std::string_view name = operation.name;
  if (operation.input == nullptr) return only_reads(operation);
  const StructDesc& shape = *operation.input;
  const auto deduplicated = [](const StructDesc& message, const void* object) {
    return text_of(message, object, "MessageDeduplicationId") != nullptr;
  };
  if (has_token(shape, in)) return true;
  if (name == "SendMessage" || name == "Publish") return deduplicated(shape, in);
  if (name == "SendMessageBatch") return holds_for_all(shape, in, "Entries", deduplicated);
  if (name == "PublishBatch") return holds_for_all(shape, in, "PublishBatchRequestEntries", deduplicated);
  if (name == "ReceiveMessage") return text_of(shape, in, "ReceiveRequestAttemptId") != nullptr;
  if (name == "UpdateItem") return sets_only(text_of(shape, in, "UpdateExpression"));
  if (name == "ExecuteStatement") return is_repeatable_statement(text_of(shape, in, "Statement"));
  if (name == "BatchExecuteStatement") {
    return holds_for_all(shape, in, "Statements", [](const StructDesc& one, const void* object) {
      return is_repeatable_statement(text_of(one, object, "Statement"));
    });
  }
  if (only_reads(operation)) return true;
  return starts_with_any(name, kWrites) && std::ranges::find(kAdding, name) == kAdding.end();
}

}  // namespace aws::client
