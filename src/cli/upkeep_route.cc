#include "cli/upkeep_route.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/own_reply.h"

namespace cli {
namespace {

constexpr std::string_view kCheckpoint = "/_till/checkpoint";
constexpr std::string_view kCompact = "/_till/compact";
constexpr std::size_t kIdLength = 36;

}  // namespace

UpkeepRoute::UpkeepRoute(aws::http::Handler& next, base::Env& env, store::DiskStore* store, std::string data_directory)
    : next_(next),
      store_(store),
      data_directory_(std::move(data_directory)),
      workers_(env, {.threads_max = 2, .queue_max = 8}) {}

void UpkeepRoute::handle(aws::http::Request request, aws::http::Responder respond) {
  const std::string path(request.path());
  if (path != kCheckpoint && path != kCompact) return next_.handle(std::move(request), std::move(respond));
  if (request.method != "POST") return respond(refusal_reply(405, "This is asked for by POST."));
  if (store_ == nullptr) return respond(refusal_reply(409, "This engine keeps its data in memory."));
  auto shared = std::make_shared<aws::http::Responder>(std::move(respond));
  const bool begun = workers_.run([this, path, query = std::string(request.query()), shared] {
    const std::string run = run_directory(query);
    if (run.empty())
      return (*shared)(
          refusal_reply(403, "Only who can write to the data directory may ask for this: use the commands of till."));
    (*shared)(path == kCheckpoint ? checkpoint(run) : compact());
  });
  if (!begun) (*shared)(refusal_reply(503, "The engine is at too many of these already; try again."));
}

std::string UpkeepRoute::run_directory(std::string_view query) const {
  constexpr std::string_view kName = "run=";
  if (!query.starts_with(kName) || query.size() != kName.size() + kIdLength) return {};
  const std::string_view id = query.substr(kName.size());
  if (id.find_first_not_of("0123456789abcdef-") != std::string_view::npos) return {};
  std::string path = fmt::format("{}/run-{}", data_directory_, id);
  std::error_code error;
  const auto file = std::filesystem::symlink_status(path + "/" + std::string(kUpkeepFile), error);
  return file.type() == std::filesystem::file_type::regular ? path : std::string();
}

aws::http::Response UpkeepRoute::checkpoint(const std::string& run) {
  const auto made = store_->checkpoint(run + "/" + std::string(kCheckpointName));
  if (!made.has_value()) return refusal_reply(500, made.error());
  return json_reply(200, fmt::format("{{\"sequence\":{}}}", *made));
}

aws::http::Response UpkeepRoute::compact() {
  const auto done = store_->compact(store::DiskStore::Blobs::rewrite);
  return done.has_value() ? json_reply(200, "{}") : refusal_reply(500, done.error());
}

}  // namespace cli
