// MappingStates: event source mappings between states: Creating, Updating, Deleting for a while, in which they can
// neither be changed nor deleted; one that is Deleting is still there and keeps another of its kind away. Delays are on
// the engine's clock. Owned by LikeAws; safe from any thread.
//
// Source: Lambda API Reference, CreateEventSourceMapping and DeleteEventSourceMapping ("enters a Deleting state and
// might not be completely deleted for several seconds"), ResourceInUseException.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "aws/lambda/lambda.h"
#include "like_aws/conditions.h"

namespace like_aws {

class MappingStates final : public Behaviour {
 public:
  explicit MappingStates(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  using Mapping = aws::lambda::EventSourceMappingConfiguration;
  base::Result<void> create(Call& call, const CarryOut& carry_out);
  base::Result<void> change(Call& call, const CarryOut& carry_out);
  base::Result<void> get(Call& call, const CarryOut& carry_out);
  base::Result<void> list(Call& call, const CarryOut& carry_out);
  // Puts the state in that it has as yet. False if it is in none between others.
  bool show(const Call& call, Mapping& mapping);
  // Those of the caller's account and region that are Deleting.
  std::map<std::string, Mapping> deleting(const Call& call);

  Conditions& conditions_;
  std::mutex mutex_;
  std::map<std::string, Mapping> deleting_;  // by Call::regional(uuid); some may be gone by now
};

}  // namespace like_aws
