#include "engine/dynamodb/expression_cache.h"

#include "engine/dynamodb/expression_parser.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

std::shared_ptr<const Expression> ExpressionCache::get(ExpressionKind kind, std::string_view text) {
  if (text.size() > kExpressionBytesMax) return std::make_shared<const Expression>(parse_expression(kind, text));
  std::string key(1, static_cast<char>('0' + static_cast<int>(kind)));
  key += text;
  return cache_.get(key, [&] { return parse_expression(kind, text); });
}

}  // namespace engine::dynamodb
