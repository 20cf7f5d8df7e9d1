// ExpressionCache: the parsed forms of the expressions used lately, by kind and text. A program sends the same few
// texts over and over with other values, so a hit saves nearly all of the parsing. Owned by the service; safe from any
// thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/dynamodb/expression.h"

namespace engine::dynamodb {

class ExpressionCache {
 public:
  explicit ExpressionCache(std::size_t entries_max) : entries_max_(entries_max) {}
  // The parsed expression, from the cache or parsed now. Never null; wrong ones (Expression::error) are kept too.
  std::shared_ptr<const Expression> get(ExpressionKind kind, std::string_view text);
  [[nodiscard]] std::size_t size();

 private:
  struct Entry {
    std::string key;  // one character for the kind, then the text
    std::shared_ptr<const Expression> expression;
  };
  const std::size_t entries_max_;
  std::mutex mutex_;
  std::list<Entry> entries_;                                                 // the one used last is first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views Entry::key
};

}  // namespace engine::dynamodb
