// LaggingList: a list of resources that is behind: a new one may not be listed yet, a deleted one may still be. Delays
// are on the engine's clock. One object for each kind of resource; owned by LikeAws, safe from any thread.
//
// Sources: SQS API Reference, CreateQueue and DeleteQueue; S3 User Guide, "Amazon S3 data consistency model" ("Bucket
// configurations have an eventual consistency model"); IAM User Guide, "Changes that I make are not always immediately
// visible"; DynamoDB API Reference, DescribeTable.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "like_aws/conditions.h"

namespace like_aws {

inline constexpr double kUnlistedRate = 0.3;  // of new resources
inline constexpr std::chrono::milliseconds kUnlistedMax{3000};
inline constexpr double kStillListedRate = 0.5;  // of deleted ones
inline constexpr std::chrono::milliseconds kStillListedMax{4000};

// The calls that make, delete and list one kind of resource, and how they name it. `Output` is the list's output,
// `Entry` what it has for each resource.
template <class Output, class Entry>
struct ListedResource {
  std::string_view create, created_by;  // operation and the member of its input that has the name
  std::string_view remove, removed_by;
  std::string_view list, prefix_by;  // the only member of the list's input that deleted ones are still shown under
  std::optional<std::vector<Entry>> Output::* entries;
  std::string (*name_of)(const Entry& entry);
  std::string (*name_in)(std::string_view text);  // the name in what `removed_by` has
};

template <class Output, class Entry>
class LaggingList final : public Behaviour {
 public:
  // `service` points to the service's abstract class and is asked for what is about to go; it outlives this object.
  LaggingList(Conditions& conditions, void* service, ListedResource<Output, Entry> resource)
      : conditions_(conditions), service_(service), resource_(resource) {}

  base::Result<void> around(Call& call, const CarryOut& carry_out) override {
    if (call.is(resource_.create)) return create(call, carry_out);
    if (call.is(resource_.remove)) return remove(call, carry_out);
    if (call.is(resource_.list)) return list(call, carry_out);
    return carry_out();
  }

 private:
  std::string key(const Call& call, std::string_view name) const {
    return std::string(resource_.list) + '/' + call.regional(name);
  }

  base::Result<void> create(Call& call, const CarryOut& carry_out) {
    const std::string name = call.text(resource_.created_by);
    const bool was_there = find(call, name).has_value();
    TRY(carry_out());
    if (was_there || !conditions_.chance.happens(call, "unlisted", kUnlistedRate)) return {};
    conditions_.delay(call, "unlisted", key(call, name), base::Duration(0), kUnlistedMax);
    return {};
  }

  base::Result<void> remove(Call& call, const CarryOut& carry_out) {
    const std::string name = resource_.name_in(call.text(resource_.removed_by));
    std::optional<Entry> entry;
    if (conditions_.chance.happens(call, "still listed", kStillListedRate)) entry = find(call, name);
    TRY(carry_out());
    if (!entry) return {};
    conditions_.delay(call, "still listed", key(call, name), base::Duration(0), kStillListedMax);
    const std::lock_guard lock(mutex_);
    gone_.insert_or_assign(key(call, name), std::move(*entry));
    return {};
  }

  base::Result<void> list(Call& call, const CarryOut& carry_out) {
    const std::string prefix = resource_.prefix_by.empty() ? "" : call.text(resource_.prefix_by);
    const bool shows_gone = asks_for_all(call);
    TRY(carry_out());
    auto& entries = call.output<Output>().*resource_.entries;
    std::size_t hidden = 0, shown = 0;
    if (entries)
      hidden = std::erase_if(*entries, [&](const Entry& entry) {
        return conditions_.delayed(call, "unlisted", key(call, resource_.name_of(entry)));
      });
    if (shows_gone) shown = add_gone(call, prefix, entries);
    if (hidden + shown > 0)
      conditions_.tell(
          call, "LaggingList",
          std::to_string(hidden) + " new not listed yet, " + std::to_string(shown) + " deleted still listed");
    return {};
  }

  std::size_t add_gone(const Call& call, const std::string& prefix, std::optional<std::vector<Entry>>& entries) {
    std::size_t shown = 0;
    const std::string mine = key(call, "");
    const std::lock_guard lock(mutex_);
    std::erase_if(gone_, [&](const auto& each) { return !conditions_.delayed(call, "still listed", each.first); });
    for (auto at = gone_.lower_bound(mine); at != gone_.end() && at->first.starts_with(mine); ++at) {
      const std::string name = resource_.name_of(at->second);
      if (!name.starts_with(prefix)) continue;
      if (!entries) entries.emplace();
      if (std::ranges::any_of(*entries, [&](const Entry& entry) { return resource_.name_of(entry) == name; })) continue;
      entries->push_back(at->second);
      ++shown;
    }
    return shown;
  }

  // Not those that ask for a page or for some, which would have to be chosen from.
  bool asks_for_all(const Call& call) const {
    return std::ranges::none_of(call.operation.input->members, [&](const aws::MemberDesc& member) {
      return !member.unsupported() && member.name != resource_.prefix_by && member.get(call.in) != nullptr;
    });
  }

  // The entry of the first page, as the service lists it.
  std::optional<Entry> find(const Call& call, const std::string& name) {
    const aws::OperationDesc* operation = call.service.find(resource_.list);
    if (operation == nullptr || name.empty()) return std::nullopt;
    aws::Context context = call.context;
    context.parking = nullptr;
    const aws::AnyShape in = operation->make_input();
    const aws::AnyShape out = operation->make_output();
    if (!operation->call(service_, context, in.value.get(), out.value.get())) return std::nullopt;
    const auto& entries = static_cast<Output*>(out.value.get())->*resource_.entries;
    if (!entries) return std::nullopt;
    const auto found =
        std::ranges::find_if(*entries, [&](const Entry& entry) { return resource_.name_of(entry) == name; });
    return found != entries->end() ? std::optional<Entry>(*found) : std::nullopt;
  }

  Conditions& conditions_;
  void* const service_;
  const ListedResource<Output, Entry> resource_;
  std::mutex mutex_;
  std::map<std::string, Entry> gone_;  // by key(); still listed for a while
};

}  // namespace like_aws
