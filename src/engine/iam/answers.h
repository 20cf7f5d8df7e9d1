// What several operations of IAM say or check in the same words: errors with AWS's texts, documents, pages of lists.
// Pure functions. Texts: reference/protocols.md 4.8.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/auth/policy.h"
#include "base/env.h"
#include "base/result.h"
#include "engine/iam/limits.h"

namespace engine::iam {

std::string lower_case(std::string_view text);
// A unique id: `prefix` (AROA, ANPA) and 17 characters.
std::string make_id(base::Random& random, std::string_view prefix);

base::AwsError no_such_role(std::string_view name);
base::AwsError no_such_policy(std::string_view arn);  // "Policy <arn> was not found."
base::AwsError absent(std::string_view parameter);    // a required parameter is missing

// The policy in `document`, or MalformedPolicyDocument; also for one that would allow more here than on AWS.
base::Result<aws::auth::Policy> parse_document(std::string_view document, aws::auth::PolicyKind kind);
// ValidationError unless `arn` looks like the ARN of a managed policy.
base::Result<void> check_policy_arn(std::string_view arn);
// Bytes that count for quotas: all but white space.
std::size_t document_bytes(std::string_view document);

// The first key of the wanted page, from a Marker of the page before; empty for the first page.
base::Result<std::string> read_marker(const std::optional<std::string>& marker);
std::string make_marker(std::string_view next_key);

// Fills `list` with the page of `items` (sorted by their unique keys) that Marker and MaxItems ask for.
template <class In, class Out, class Item>
base::Result<void> fill_page(const In& in, std::vector<std::pair<std::string, Item>> items, Out& out,
                             std::optional<std::vector<Item>>& list) {
  TRY_ASSIGN(const std::string first, read_marker(in.marker));
  const auto count = static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListItemsDefault), 1, kListItemsMax));
  list.emplace();
  out.is_truncated = false;
  for (auto& [key, item] : items) {
    if (key < first) continue;
    if (list->size() == count) {
      out.is_truncated = true;
      out.marker = make_marker(key);
      break;
    }
    list->push_back(std::move(item));
  }
  return {};
}

}  // namespace engine::iam
