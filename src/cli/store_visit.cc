#include "cli/store_visit.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>

#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/upkeep_route.h"

namespace cli {
namespace {

std::unexpected<StoreError> failed(std::string message) {
  return std::unexpected(StoreError{std::move(message), kFailed});
}

// Why a command cannot work in this data directory; empty: it can.
std::string obstacle(const std::string& directory) {
  const auto found = has_data(directory);
  if (!found.has_value()) return found.error();
  if (!*found)
    return fmt::format("there is no data in {}: name the data directory with --data or TILL_DATA", directory);
  if (const std::string link = os::foreign_link(directory); !link.empty())
    return link + " is a symbolic link, which this program does not make: put what it leads to in its place";
  if (std::string foreign = os::foreign_user(directory); !foreign.empty()) return foreign;
  if (!os::notes_store(directory) && !store::is_rocksdb_store(directory + "/store"))
    return fmt::format("{} has no store yet: nothing was ever kept in it", directory);
  return {};
}

}  // namespace

std::expected<std::unique_ptr<StoreVisit>, StoreError> StoreVisit::begin(const GlobalOptions& options,
                                                                         std::string_view command) {
  constexpr auto kPatience = std::chrono::seconds(10);
  constexpr auto kPause = std::chrono::milliseconds(50);
  if (!options.endpoint.empty())
    return std::unexpected(StoreError{
        fmt::format("{}: it works on the files of a data directory, so it takes --data and no --endpoint", command),
        kUsage});
  std::unique_ptr<StoreVisit> made(new StoreVisit());
  made->directory_ = absolute_directory(options.data_directory);
  const std::string& directory = made->directory_;
  if (std::string in_the_way = obstacle(directory); !in_the_way.empty()) return failed(std::move(in_the_way));
  auto transport = os::HttpTransport::make();
  if (!transport.has_value()) return failed(transport.error());
  made->transport_ = std::move(*transport);
  base::Env& env = made->system_.env();
  const base::Timestamp end = env.clock.now() + kPatience;
  std::optional<Interruption> interruption;
  while (true) {
    made->visit_ = EngineVisit::begin(directory);
    if (answers(*made->transport_, made->visit_.engine())) break;
    auto opened = open_disk_store(directory, env, false);
    if (opened.has_value()) {
      made->store_ = std::move(*opened);
      break;
    }
    if (!interruption.has_value()) interruption.emplace(env);
    if (opened.error().exit_code != kUnreachable || env.clock.now() >= end || !interruption->pause(kPause))
      return std::unexpected(std::move(opened).error());
  }
  os::remove_ended_runs(directory);
  made->id_ = base::make_uuid(env.random);
  auto run = os::RunDirectory::make(directory, made->id_);
  if (!run.has_value()) return failed(run.error());
  made->run_ = std::move(*run);
  if (auto file = os::make_file(made->run_.path() + "/" + std::string(kUpkeepFile), ""); !file.has_value())
    return failed(file.error());
  return made;
}

std::expected<StoreVisit::Checkpoint, StoreError> StoreVisit::checkpoint() {
  constexpr auto kPatience = std::chrono::minutes(10);
  Checkpoint out{run_.path() + "/" + std::string(kCheckpointName), 0};
  if (store_ != nullptr) {
    const auto made = store_->checkpoint(out.directory);
    if (!made.has_value()) return failed(made.error());
    out.sequence = *made;
    return out;
  }
  const auto answer = ask("/_till/checkpoint", kPatience);
  if (!answer.has_value()) return std::unexpected(answer.error());
  simdjson::dom::parser parser;
  if (parser.parse(*answer)["sequence"].get(out.sequence) != simdjson::SUCCESS)
    return failed(visit_.engine().url + " did not say what it has done: " + *answer);
  return out;
}

std::expected<void, StoreError> StoreVisit::compact() {
  constexpr auto kPatience = std::chrono::hours(24);
  if (store_ == nullptr) {
    if (const auto answer = ask("/_till/compact", kPatience); !answer.has_value())
      return std::unexpected(answer.error());
    return {};
  }
  if (auto done = store_->compact(store::DiskStore::Blobs::rewrite); !done.has_value())
    return failed(std::move(done).error());
  return {};
}

std::expected<std::string, StoreError> StoreVisit::ask(std::string_view route, base::Duration patience) {
  const std::string& url = visit_.engine().url;
  const auto endpoint = aws::http::parse_endpoint(url);
  if (!endpoint.has_value()) return failed(url + " is not an address");
  const auto answer =
      transport_->round_trip(*endpoint, {"POST", fmt::format("{}?run={}", route, id_), {}, {}}, patience);
  if (!answer.has_value())
    return failed(fmt::format("the engine at {} did not do it: {}", url, answer.error().message));
  if (answer->status == 200) return answer->body;
  simdjson::dom::parser parser;
  std::string_view message;
  if (parser.parse(answer->body)["message"].get(message) != simdjson::SUCCESS)
    return failed(
        fmt::format("the engine at {} does not know how: it is of an earlier version; end it, and try again", url));
  return failed(fmt::format("the engine at {} did not do it: {}", url, message));
}

}  // namespace cli
