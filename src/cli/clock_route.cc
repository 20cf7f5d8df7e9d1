#include "cli/clock_route.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <optional>

#include "cli/own_reply.h"

namespace cli {
namespace {

constexpr std::string_view kRoute = "/_till/clock";
constexpr std::string_view kAdvance = "/_till/clock/advance";
constexpr double kSecondsMax = 400.0 * 86'400;  // of one move
constexpr std::size_t kMovesMax = 4;            // that wait for their turn

// The value of the only member "seconds", 0 or more.
std::optional<base::Duration> parse_seconds(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  double seconds = 0;
  if (parser.parse(body).get(object) != simdjson::SUCCESS || object.size() != 1) return std::nullopt;
  if (object["seconds"].get(seconds) != simdjson::SUCCESS) return std::nullopt;
  if (!(seconds >= 0) || seconds > kSecondsMax) return std::nullopt;
  return base::Duration(std::llround(seconds * 1e6));
}

}  // namespace

ClockRoute::ClockRoute(aws::http::Handler& next, base::Env& env, Advance advance)
    : next_(next),
      env_(env),
      advance_(std::move(advance)),
      moved_(env.executor.make_condition()),
      workers_(env, {.threads_max = kMovesMax, .queue_max = 0}) {}

void ClockRoute::handle(aws::http::Request request, aws::http::Responder respond) {
  const std::string_view path = request.path();
  if (!path.starts_with(kRoute)) return next_.handle(std::move(request), std::move(respond));
  if (path == kRoute && request.method == "GET") {
    return respond(
        json_reply(200, fmt::format("{{\"now\":\"{}\",\"virtual\":{}}}",
                                    base::format_iso8601_milliseconds(env_.clock.now()), advance_ != nullptr)));
  }
  if (path != kAdvance) return respond(refusal_reply(404, "There is GET /_till/clock and POST /_till/clock/advance."));
  if (request.method != "POST") return respond(refusal_reply(405, "The clock is advanced by POST."));
  if (advance_ == nullptr)
    return respond(refusal_reply(409, "This engine follows the machine's clock. Start it with --clock virtual."));
  auto shared = std::make_shared<aws::http::Responder>(std::move(respond));
  if (!workers_.run([this, body = std::move(request.body), shared] { move_clock(body, *shared); }))
    (*shared)(refusal_reply(503, "The clock is being moved by others."));
}

void ClockRoute::move_clock(const std::string& body, const aws::http::Responder& respond) {
  const auto by = parse_seconds(body);
  if (!by.has_value())
    return respond(
        refusal_reply(400, "The body must be {'seconds': N} as JSON and nothing else, with N from 0 to 34560000."));
  {
    std::unique_lock lock(mutex_);
    while (moving_) env_.executor.wait_until(lock, *moved_, base::kTimestampMax);
    moving_ = true;
  }
  const std::size_t steps = advance_(*by);
  {
    const std::lock_guard lock(mutex_);
    moving_ = false;
    moved_->notify_one();
  }
  respond(json_reply(
      200, fmt::format("{{\"now\":\"{}\",\"steps\":{}}}", base::format_iso8601_milliseconds(env_.clock.now()), steps)));
}

}  // namespace cli
