#include "cli/disk_store.h"

#include <fmt/format.h>

#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/version.h"
#include "os/data_directory.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

constexpr std::string_view kAcceptDataLoss =
    ". Nothing was changed: a copy of the directory keeps what can be saved. `till serve --accept-data-loss` starts "
    "with what is intact and gives up the rest for good";

constexpr std::string_view kNotMended =
    ". Nothing was changed. `--accept-data-loss` gives up the newest writes, which does not mend this: put a copy of "
    "the directory in its place";

std::string lost_store(const std::string& store) {
  return fmt::format(
      "{} had the data of this directory and is not there. Nothing was changed: put a copy of it in its place, or "
      "begin with no data by `till serve --accept-data-loss`",
      store);
}

}  // namespace

std::string written_by_later(const std::string& data_directory) {
  const auto noted = os::noted_format(data_directory);
  if (!noted.has_value() || noted->number <= kDataFormat) return {};
  return fmt::format(
      "{} has data that were written by till {}, in their format {}; this is till {}, which knows formats up to {}. "
      "Nothing was changed: use that version or a later one, or a backup that an earlier one made (till restore)",
      data_directory, noted->version, noted->number, kVersion, kDataFormat);
}

std::expected<std::unique_ptr<store::DiskStore>, StoreError> open_disk_store(const std::string& data_directory,
                                                                             base::Env& env, bool accept_data_loss,
                                                                             store::Statistics* statistics) {
  if (std::string later = written_by_later(data_directory); !later.empty())
    return std::unexpected(StoreError{std::move(later), kFailed});
  store::RocksDbOptions rocks;
  rocks.directory = data_directory + "/store";
  rocks.accept_data_loss = accept_data_loss;
  rocks.statistics = statistics;
  const bool noted = os::notes_store(data_directory);
  const auto format = os::noted_format(data_directory);
  const bool is_current = noted && format.has_value() && format->number == kDataFormat;
  if (noted && !accept_data_loss && !store::is_rocksdb_store(rocks.directory))
    return std::unexpected(StoreError{lost_store(rocks.directory), kFailed});
  auto opened = store::open_rocksdb_store(rocks, env);
  if (opened.has_value() && !is_current &&
      !os::note_store(data_directory, {.number = kDataFormat, .version = std::string(kVersion)}))
    return std::unexpected(StoreError{"cannot write to " + data_directory, kFailed});
  if (opened.has_value()) return std::move(*opened);
  const bool locked = opened.error().kind == store::OpenError::Kind::locked;
  std::string message = opened.error().message;
  if (opened.error().loss_can_be_accepted) message += kAcceptDataLoss;
  if (opened.error().kind == store::OpenError::Kind::corrupt && !opened.error().loss_can_be_accepted)
    message += kNotMended;
  return std::unexpected(StoreError{std::move(message), locked ? kUnreachable : kFailed});
}

}  // namespace cli
