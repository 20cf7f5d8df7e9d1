// What this service has to read of JSON: whether a payload is a document at all, and which messages of a batch a
// function reports as failed. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::lambda {

// nullopt if `text` is one JSON document, else what is wrong with it. White space alone counts as no document.
std::optional<std::string> json_problem(std::string_view text);
bool is_json_object(std::string_view text);
// The errorMessage of an error document; empty if there is none.
std::string error_message_of(std::string_view document);

// The answer to a batch with ReportBatchItemFailures: for each message whether it failed, by its place in
// `message_ids`. Answers that name nothing (empty, null, {}, an empty list) mean that none failed; an answer that
// cannot be understood or names an unknown message means that all did (protocols.md 4.4 item 28).
std::vector<bool> failed_messages(std::string_view answer, const std::vector<std::string>& message_ids);

}  // namespace engine::lambda
