// TableStates: DynamoDB's tables between states. A new table is CREATING for a while, in which it takes no items; a
// changed one is UPDATING, a deleted one DELETING, in which it cannot be changed again and its name is taken. Delays
// are on the engine's clock. Owned by LikeAws; safe from any thread.
//
// Sources: API Reference, CreateTable, UpdateTable, DeleteTable, DescribeTable ("uses an eventually consistent query
// ... ResourceNotFoundException"); Developer Guide, "Basic operations on tables".
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "aws/dynamodb/dynamodb.h"
#include "like_aws/conditions.h"

namespace like_aws {

class TableStates final : public Behaviour {
 public:
  explicit TableStates(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  base::Result<void> create(Call& call, const CarryOut& carry_out);
  base::Result<void> change(Call& call, const CarryOut& carry_out);
  base::Result<void> remove(Call& call, const CarryOut& carry_out);
  base::Result<void> describe(Call& call, const CarryOut& carry_out);
  base::Result<void> use(Call& call, const CarryOut& carry_out);
  // The words for a table that is between states; nullopt if it is not.
  std::optional<base::AwsError> in_use(const Call& call, const std::string& name);

  Conditions& conditions_;
  std::mutex mutex_;
  std::map<std::string, aws::dynamodb::TableDescription> deleting_;  // as they are described meanwhile
};

}  // namespace like_aws
