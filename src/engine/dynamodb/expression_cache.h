// ExpressionCache: the parsed forms of the expressions used lately, by kind and text. Owned by the service; safe from
// any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "engine/dynamodb/expression.h"
#include "engine/dynamodb/text_cache.h"

namespace engine::dynamodb {

class ExpressionCache {
 public:
  explicit ExpressionCache(std::size_t entries_max) : cache_(entries_max) {}
  // The parsed expression, from the cache or parsed now. Never null; wrong ones (Expression::error) are kept too.
  std::shared_ptr<const Expression> get(ExpressionKind kind, std::string_view text);
  [[nodiscard]] std::size_t size() { return cache_.size(); }

 private:
  TextCache<Expression> cache_;  // the key is one character for the kind, then the text
};

}  // namespace engine::dynamodb
