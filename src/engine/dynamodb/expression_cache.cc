#include "engine/dynamodb/expression_cache.h"

#include "engine/dynamodb/expression_parser.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

std::shared_ptr<const Expression> ExpressionCache::get(ExpressionKind kind, std::string_view text) {
  if (text.size() > kExpressionBytesMax) return std::make_shared<const Expression>(parse_expression(kind, text));
  std::string key(1, static_cast<char>('0' + static_cast<int>(kind)));
  key += text;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->expression;
    }
  }
  auto parsed = std::make_shared<const Expression>(parse_expression(kind, text));
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return parsed;  // another thread was faster
  entries_.push_front({std::move(key), parsed});
  by_key_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() > entries_max_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return parsed;
}

std::size_t ExpressionCache::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace engine::dynamodb
