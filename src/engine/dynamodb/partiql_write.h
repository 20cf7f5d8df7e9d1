// WriteStatement: one INSERT, UPDATE or DELETE on its way through the service, checked as far as it can be without the
// item. Part of DynamoDbService (service.h); one request, one thread.
#pragma once

#include "engine/dynamodb/service.h"

namespace engine::dynamodb {

struct DynamoDbService::WriteStatement {
  BoundStatement bound;
  TablePtr table;
  ItemKey key;
  std::size_t bytes = 0;       // of an INSERT's item
  bool keep_existing = false;  // ReturnValuesOnConditionCheckFailure is ALL_OLD
  std::size_t position = 0;    // in its batch
  // The outcome: an error, or what RETURNING asks for. `existing` is the item that stood in the way.
  std::optional<base::AwsError> error;
  std::optional<Item> returned;
  std::optional<Item> existing;
};

}  // namespace engine::dynamodb
