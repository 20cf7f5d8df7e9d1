#include "cli/engine_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace cli {
namespace {

namespace fs = std::filesystem;
using server::PartState;
using State = PartState::State;

constexpr uint64_t kScarceDiskBytes = 1 << 30;
constexpr auto kMailPatience = std::chrono::minutes(5);
constexpr std::size_t kMailsSeenMax = 1000;

PartState store_health(const ExaminedEngine& engine) {
  if (engine.data_directory.empty()) return {"store"};
  std::error_code error;
  const fs::space_info space = fs::space(engine.data_directory, error);
  if (error) return {"store", State::ill, "the data directory cannot be looked at: " + error.message()};
  const auto reason = [&](std::string_view effect) {
    return fmt::format("{} MiB are free on the disk of the data directory: {}. Make room there", space.available >> 20,
                       effect);
  };
  if (!engine.has_room) return {"store", State::ill, reason("what adds data is refused")};
  if (space.available <= kScarceDiskBytes) return {"store", State::warning, reason("it is nearly full")};
  return {"store"};
}

PartState http_health(const ExaminedEngine& engine) {
  if (engine.connections < engine.connections_max) return {"http"};
  return {"http", State::warning,
          fmt::format("{} connections are open, the most there may be: new ones take the place of idle ones. Raise the "
                      "limit of open files (ulimit -n)",
                      engine.connections)};
}

// A mail that waits for long is one that the mail server does not take.
PartState mail_health(const ExaminedEngine& engine) {
  std::size_t late = 0;
  std::size_t seen = 0;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(engine.waiting_mails, error), end; !error && it != end && seen < kMailsSeenMax;
       it.increment(error), ++seen) {
    std::error_code gone;
    const auto written = it->last_write_time(gone);
    if (!gone && now - written > kMailPatience) ++late;
  }
  if (late == 0) return {"mail"};
  return {
      "mail", State::warning,
      fmt::format("{} mails have waited for more than five minutes: the mail server does not take them; stderr says "
                  "why",
                  late)};
}

}  // namespace

std::vector<PartState> engine_health(const ExaminedEngine& engine) {
  std::vector<PartState> out{store_health(engine), http_health(engine)};
  if (!engine.waiting_mails.empty()) out.push_back(mail_health(engine));
  return out;
}

}  // namespace cli
