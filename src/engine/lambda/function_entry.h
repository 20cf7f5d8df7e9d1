// FunctionEntry: a function with all that has its name: versions, aliases, URLs, settings of asynchronous invocations.
// Guarded by the service's mutex. Function: what one operation sees of it, a snapshot that stays good without the lock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "engine/lambda/alias_record.h"
#include "engine/lambda/event_invoke_record.h"
#include "engine/lambda/function_record.h"
#include "engine/lambda/function_url_record.h"
#include "engine/lambda/instance_pool.h"

namespace engine::lambda {

struct Function {
  std::shared_ptr<const FunctionRecord> record;  // of the version that is meant
  std::shared_ptr<Runnable> runnable;
  std::shared_ptr<const AliasRecord> alias;  // by which the version was named, if it was
  std::string qualifier;                     // as it was given; empty: none
  std::optional<int32_t> reserved_concurrency;
  bool updating = false;  // an update of it is under way

  // As it was named: with the qualifier if there was one.
  [[nodiscard]] std::string arn() const { return qualifier.empty() ? record->arn() : record->arn() + ":" + qualifier; }
  [[nodiscard]] const ResourcePolicy& policy() const { return alias ? alias->policy : record->policy; }
};

struct FunctionEntry {
  struct Version {
    std::shared_ptr<const FunctionRecord> record;
    std::shared_ptr<Runnable> runnable;
  };
  Version latest;
  std::map<uint64_t, Version> versions;
  std::map<std::string, std::shared_ptr<const AliasRecord>, std::less<>> aliases;
  std::map<std::string, EventInvokeRecord, std::less<>> event_invoke;  // by qualifier
  std::map<std::string, FunctionUrlRecord, std::less<>> urls;          // by alias; "" for $LATEST
  // Held by the update of $LATEST that is under way; the next one has to wait until it has let go.
  std::weak_ptr<const void> update;

  // What `qualifier` means: nothing and $LATEST, a version's number, an alias, for which `random` draws among its
  // versions. nullopt: there is no such thing.
  [[nodiscard]] std::optional<Function> select(std::string_view qualifier, base::Random& random) const;
  [[nodiscard]] const Version* find_version(std::string_view version) const;
  [[nodiscard]] bool uses_code(uint64_t code_id) const;  // of its published versions
};

// True for "12", which is how versions are named and aliases are not.
bool is_version_number(std::string_view qualifier);
// nullopt if it is none, or larger than any.
std::optional<uint64_t> version_number(std::string_view qualifier);

}  // namespace engine::lambda
