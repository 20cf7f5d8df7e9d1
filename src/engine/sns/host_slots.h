// HostSlots: how many deliveries are under way to each host, so that one that hangs does not take every worker. Part of
// SnsService; safe from any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/outbox.h"

namespace engine::sns {

class HostSlots {
 public:
  explicit HostSlots(std::size_t slots_per_host) : slots_per_host_(slots_per_host) {}

  // Takes one of the host's slots. False if none is free: a slot is then passed on to `ticket` in its turn.
  bool enter(const std::string& host, Outbox::Ticket ticket);
  // The host of the slot that was passed on to `ticket`, which holds it from now on; nullopt if none was.
  std::optional<std::string> passed_on(Outbox::Ticket ticket);
  // Gives a slot back, or passes it on to the ticket that has waited longest, which is returned.
  std::optional<Outbox::Ticket> leave(const std::string& host);

 private:
  struct Host {
    std::size_t taken = 0;  // passed-on ones included; > 0
    std::deque<Outbox::Ticket> waiting;
  };
  const std::size_t slots_per_host_;
  std::mutex mutex_;
  std::map<std::string, Host> hosts_;
  std::map<Outbox::Ticket, std::string> passed_on_;
};

}  // namespace engine::sns
