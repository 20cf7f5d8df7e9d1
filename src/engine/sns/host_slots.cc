#include "engine/sns/host_slots.h"

namespace engine::sns {

bool HostSlots::enter(const std::string& host, Outbox::Ticket ticket) {
  const std::lock_guard lock(mutex_);
  Host& it = hosts_[host];
  if (it.taken == slots_per_host_) {
    it.waiting.push_back(ticket);
    return false;
  }
  ++it.taken;
  return true;
}

std::optional<std::string> HostSlots::passed_on(Outbox::Ticket ticket) {
  const std::lock_guard lock(mutex_);
  auto found = passed_on_.extract(ticket);
  return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
}

std::optional<Outbox::Ticket> HostSlots::leave(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(host);
  Host& it = found->second;
  if (it.waiting.empty()) {
    if (--it.taken == 0) hosts_.erase(found);
    return std::nullopt;
  }
  const Outbox::Ticket next = it.waiting.front();
  it.waiting.pop_front();
  passed_on_.emplace(next, host);
  return next;
}

}  // namespace engine::sns
