#include "cli/disk_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "aws/dynamodb/shapes.h"
#include "aws/lambda/shapes.h"
#include "os/environment.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kReserveLeast = 64 * kMiB;  // memtables, logs, and what small writes add up to
// For one compaction, which writes what it merges before it can give the room of that back.
constexpr uint64_t kCompactionMost = 384 * kMiB;
// Beyond the reserve, before data are taken again, so that it does not go to and fro.
constexpr uint64_t kRecovery = 8 * kMiB;
constexpr base::Duration kInterval = std::chrono::milliseconds(100);
constexpr base::Duration kReclaimFirst = std::chrono::seconds(5);  // after it has become full; then later and later
constexpr base::Duration kReclaimMost = std::chrono::minutes(5);
constexpr uint64_t kLooksPerSize = 50;  // how much the store takes is looked at less often

// Whose names begin so reads, deletes, or hands out what is there.
constexpr auto kHarmless = std::to_array<std::string_view>(
    {"Get",    "List",   "Describe", "Head",   "Delete",      "Receive",    "Query",    "Scan",
     "Batch",  "Untag",  "Remove",   "Purge",  "Abort",       "Change",     "Cancel",   "Test",
     "Filter", "Assume", "Stop",     "Detach", "Unsubscribe", "StartQuery", "Simulate", "TransactGet"});

uint64_t free_bytes(const std::string& directory) {
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  return error ? UINT64_MAX : space.available;  // what cannot be asked is no reason to refuse
}

uint64_t bytes_in(const std::string& directory, std::string_view ending = {}) {
  uint64_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->path().native().ends_with(ending)) continue;
    if (const uint64_t size = entry->file_size(gone); !gone) sum += size;
  }
  return sum;
}

bool puts_any(const aws::dynamodb::BatchWriteItemInput& in) {
  if (!in.request_items.has_value()) return true;
  for (const auto& [table, writes] : *in.request_items)
    for (const auto& write : writes)
      if (write.put_request.has_value()) return true;
  return false;
}

}  // namespace

std::expected<std::optional<uint64_t>, std::string> DiskRoom::reserve_of_environment() {
  const auto text = os::environment("TILL_DISK_RESERVE");
  if (!text.has_value() || text->empty()) return std::nullopt;
  uint64_t mib = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mib);
  if (error == std::errc() && end == text->data() + text->size() && mib <= UINT32_MAX) return mib * kMiB;
  return std::unexpected("TILL_DISK_RESERVE is not a number of MiB: " + *text);
}

DiskRoom::DiskRoom(base::Env& env, std::string directory, store::DiskStore& store,
                   std::optional<uint64_t> reserve_bytes, std::function<void(std::string_view)> tell)
    : env_(env),
      directory_(std::move(directory)),
      store_(store),
      given_reserve_(reserve_bytes),
      tell_(std::move(tell)),
      stopped_(env.executor.make_condition()) {
  look();
  task_ = env_.executor.spawn("disk-room", [this] { watch(); });
}

DiskRoom::~DiskRoom() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_->notify_one();
  }
  task_.reset();
}

void DiskRoom::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    env_.executor.wait_until(lock, *stopped_, env_.clock.now() + kInterval);
    if (stopping_) return;
    lock.unlock();
    look();
    if (is_full_) reclaim();
    lock.lock();
  }
}

void DiskRoom::look() {
  if (given_reserve_.has_value()) {
    reserve_ = *given_reserve_;
  } else if (looks_++ % kLooksPerSize == 0) {
    reserve_ = kReserveLeast + std::min(bytes_in(directory_ + "/store/db"), kCompactionMost);
  }
  const uint64_t reserve = reserve_;
  const uint64_t free = free_bytes(directory_);
  // A compaction that finds no room ends the process. What it would give back is not worth that.
  if (const bool compacts = reserve == 0 || free >= reserve / 4; compacts != compacts_) {
    compacts_ = compacts;
    store_.allow_compactions(compacts);
  }
  const bool is_full = free < reserve + (is_full_ ? std::min(kRecovery, reserve) : 0);
  if (is_full == is_full_) return;
  is_full_ = is_full;
  reclaim_pause_ = kReclaimFirst;
  reclaim_at_ = env_.clock.now() + reclaim_pause_;
  if (is_full)
    tell_(
        fmt::format("the disk of {} is nearly full: {} MiB are free, and the engine keeps {} MiB for itself. Calls "
                    "that add data are refused (503) until there is more room; reads and deletes go on",
                    directory_, free / kMiB, reserve / kMiB));
  else
    tell_(fmt::format("the disk of {} has room again ({} MiB are free): calls that add data are taken", directory_,
                      free / kMiB));
}

// Of tables alone, which are small beside blobs, and only if they have room. What goes wrong shows elsewhere.
void DiskRoom::reclaim() {
  if (env_.clock.now() < reclaim_at_) return;
  const uint64_t tables = bytes_in(directory_ + "/store/db", ".sst");
  if (free_bytes(directory_) > tables + reserve_ / 4) static_cast<void>(store_.compact(store::DiskStore::Blobs::leave));
  reclaim_pause_ = std::min(2 * reclaim_pause_, kReclaimMost);
  reclaim_at_ = env_.clock.now() + reclaim_pause_;
}

bool DiskRoom::has_room_now() const {
  return free_bytes(directory_) > reserve_;
}

bool DiskRoom::adds_data(const aws::OperationDesc& operation, const void* in) {
  if (operation.name == "BatchWriteItem") return puts_any(*static_cast<const aws::dynamodb::BatchWriteItemInput*>(in));
  if (operation.name == "Invoke")
    return static_cast<const aws::lambda::InvocationRequest*>(in)->invocation_type.value_or("") == "Event";
  if (operation.name.starts_with("BatchExecute")) return true;
  return std::ranges::none_of(kHarmless, [&](std::string_view begin) { return operation.name.starts_with(begin); });
}

}  // namespace cli
