// SubscriptionLists: lists of SNS's subscriptions that are behind, as those of lagging_list.h are; of their own,
// because a subscription gets its name from SNS, and two operations list them. Owned by LikeAws; safe from any thread.
//
// SNS's documentation promises nothing of how soon these lists agree with what was done.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "aws/sns/sns.h"
#include "like_aws/conditions.h"

namespace like_aws {

class SubscriptionLists final : public Behaviour {
 public:
  // `sns` is asked what is there; it outlives this object.
  SubscriptionLists(Conditions& conditions, aws::sns::Sns& sns) : conditions_(conditions), sns_(sns) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  using Subscriptions = std::vector<aws::sns::Subscription>;
  base::Result<void> subscribe(Call& call, const CarryOut& carry_out);
  base::Result<void> unsubscribe(Call& call, const CarryOut& carry_out);
  void lag(const Call& call, const std::string& topic, bool is_first_page, std::optional<Subscriptions>& listed);
  Subscriptions all(const Call& call);

  Conditions& conditions_;
  aws::sns::Sns& sns_;
  std::mutex mutex_;
  std::map<std::string, aws::sns::Subscription> gone_;  // by Call::regional(ARN); still listed for a while
};

}  // namespace like_aws
