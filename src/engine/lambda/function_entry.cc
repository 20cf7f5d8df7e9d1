#include "engine/lambda/function_entry.h"

#include <algorithm>
#include <charconv>

namespace engine::lambda {

bool is_version_number(std::string_view qualifier) {
  return !qualifier.empty() && std::ranges::all_of(qualifier, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<uint64_t> version_number(std::string_view qualifier) {
  uint64_t number = 0;
  if (!is_version_number(qualifier)) return std::nullopt;
  const auto parsed = std::from_chars(qualifier.data(), qualifier.data() + qualifier.size(), number);
  return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

const FunctionEntry::Version* FunctionEntry::find_version(std::string_view version) const {
  if (version == "$LATEST") return &latest;
  const auto number = version_number(version);
  if (!number) return nullptr;
  const auto found = versions.find(*number);
  return found == versions.end() ? nullptr : &found->second;
}

std::optional<Function> FunctionEntry::select(std::string_view qualifier, base::Random& random) const {
  Function out;
  out.qualifier = qualifier;
  out.reserved_concurrency = latest.record->reserved_concurrency;
  const Version* version = nullptr;
  if (qualifier.empty() || qualifier == "$LATEST") {
    version = &latest;
  } else if (is_version_number(qualifier)) {
    version = find_version(qualifier);
  } else if (const auto alias = aliases.find(qualifier); alias != aliases.end()) {
    out.alias = alias->second;
    version = find_version(out.alias->version);
    constexpr uint64_t kParts = 1'000'000;
    if (!out.alias->additional_version.empty() && static_cast<double>(base::random_below(random, kParts)) <
                                                      out.alias->additional_weight * static_cast<double>(kParts)) {
      if (const Version* other = find_version(out.alias->additional_version)) version = other;
    }
  }
  if (version == nullptr) return std::nullopt;
  out.record = version->record;
  out.runnable = version->runnable;
  out.updating = version == &latest && !update.expired();
  return out;
}

bool FunctionEntry::uses_code(uint64_t code_id) const {
  return std::ranges::any_of(versions, [&](const auto& v) { return v.second.record->code_id == code_id; });
}

}  // namespace engine::lambda
