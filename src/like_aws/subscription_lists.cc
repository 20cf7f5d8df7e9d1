#include "like_aws/subscription_lists.h"

#include <algorithm>

#include "like_aws/lagging_list.h"

namespace like_aws {
namespace {

namespace api = aws::sns;

constexpr std::string_view kUnlisted = "subscription unlisted";
constexpr std::string_view kStillListed = "subscription still listed";
constexpr int kPagesMax = 20;  // of what is there already; beyond that it counts as new

}  // namespace

SubscriptionLists::Subscriptions SubscriptionLists::all(const Call& call) {
  Subscriptions out;
  std::optional<std::string> next;
  for (int page = 0; page < kPagesMax; ++page) {
    aws::Context context = call.context;
    auto listed = sns_.list_subscriptions(context, {.next_token = next});
    if (!listed) return out;
    if (listed->subscriptions) std::ranges::move(*listed->subscriptions, std::back_inserter(out));
    next = listed->next_token;
    if (!next) return out;
  }
  return out;
}

base::Result<void> SubscriptionLists::subscribe(Call& call, const CarryOut& carry_out) {
  if (!conditions_.chance.happens(call, "unlisted", kUnlistedRate)) return carry_out();
  const Subscriptions before = all(call);
  TRY(carry_out());
  const std::string arn = call.output<api::SubscribeResponse>().subscription_arn.value_or("");
  if (std::ranges::any_of(before, [&](const auto& each) { return each.subscription_arn == arn; })) return {};
  conditions_.delay(call, kUnlisted, call.regional(arn), base::Duration(0), kUnlistedMax);
  return {};
}

base::Result<void> SubscriptionLists::unsubscribe(Call& call, const CarryOut& carry_out) {
  const std::string arn = call.text("SubscriptionArn");
  if (!conditions_.chance.happens(call, "still listed", kStillListedRate)) return carry_out();
  Subscriptions before = all(call);
  TRY(carry_out());
  const auto found = std::ranges::find_if(before, [&](const auto& each) { return each.subscription_arn == arn; });
  if (found == before.end()) return {};
  conditions_.delay(call, kStillListed, call.regional(arn), base::Duration(0), kStillListedMax);
  const std::lock_guard lock(mutex_);
  gone_.insert_or_assign(call.regional(arn), std::move(*found));
  return {};
}

void SubscriptionLists::lag(const Call& call, const std::string& topic, bool is_first_page,
                            std::optional<Subscriptions>& listed) {
  if (!listed) listed.emplace();
  const std::size_t hidden = std::erase_if(*listed, [&](const auto& each) {
    return conditions_.delayed(call, kUnlisted, call.regional(each.subscription_arn.value_or("")));
  });
  std::size_t shown = 0;
  if (is_first_page) {
    const std::string mine = call.regional("");
    const std::lock_guard lock(mutex_);
    std::erase_if(gone_, [&](const auto& each) { return !conditions_.delayed(call, kStillListed, each.first); });
    for (auto at = gone_.lower_bound(mine); at != gone_.end() && at->first.starts_with(mine); ++at) {
      if (!topic.empty() && at->second.topic_arn != topic) continue;
      listed->push_back(at->second);
      ++shown;
    }
  }
  if (hidden + shown > 0)
    conditions_.tell(
        call, "LaggingList",
        std::to_string(hidden) + " new not listed yet, " + std::to_string(shown) + " deleted still listed");
}

base::Result<void> SubscriptionLists::around(Call& call, const CarryOut& carry_out) {
  if (call.is("Subscribe")) return subscribe(call, carry_out);
  if (call.is("Unsubscribe")) return unsubscribe(call, carry_out);
  const bool by_topic = call.is("ListSubscriptionsByTopic");
  if (!by_topic && !call.is("ListSubscriptions")) return carry_out();
  const std::string topic = call.text("TopicArn");
  const bool is_first_page = call.text("NextToken").empty();
  TRY(carry_out());
  lag(call, topic, is_first_page,
      by_topic ? call.output<api::ListSubscriptionsByTopicResponse>().subscriptions
               : call.output<api::ListSubscriptionsResponse>().subscriptions);
  return {};
}

}  // namespace like_aws
