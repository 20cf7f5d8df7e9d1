#include "cli/request_log.h"

#include <fmt/format.h>

#define SPDLOG_FMT_EXTERNAL
#define SPDLOG_HEADER_ONLY
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <iterator>

#include "base/time.h"
#include "os/env.h"
#include "os/environment.h"
#include "os/stderr_lines.h"

namespace cli {
namespace {

using Level = LogOptions::Level;
using server::RequestRecord;

// Lines that wait. Each takes 400 bytes for as long as there is a log.
constexpr std::size_t kQueuedOfAll = 8192;
constexpr std::size_t kQueuedOfFew = 1024;
constexpr auto kEndPatience = std::chrono::milliseconds(500);
constexpr std::size_t kValueBytesMax = 400;

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::off:
      return spdlog::level::off;
    case Level::error:
      return spdlog::level::err;
    case Level::warn:
      return spdlog::level::warn;
    case Level::info:
      return spdlog::level::info;
    case Level::debug:
      return spdlog::level::debug;
  }
  return spdlog::level::off;
}

std::string_view name_of(spdlog::level::level_enum level) {
  if (level == spdlog::level::err) return "error";
  if (level == spdlog::level::warn) return "warn";
  return level == spdlog::level::info ? "info" : "debug";
}

// Members of a line, in either format.
class Members {
 public:
  explicit Members(bool json) : json_(json) {}

  void text(std::string_view name, std::string_view value) {
    if (!json_ && value.empty()) return;
    key(name);
    const bool plain =
        !json_ && value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@*+") ==
                      std::string_view::npos;
    plain ? append(value.substr(0, kValueBytesMax)) : quoted(value.substr(0, kValueBytesMax));
  }
  void number(std::string_view name, uint64_t value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void milliseconds(std::string_view name, base::Duration value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}.{:03}", value.count() / 1000, value.count() % 1000);
  }
  [[nodiscard]] std::string_view view() const { return {out_.data(), out_.size()}; }

 private:
  void append(std::string_view text) { out_.append(text.data(), text.data() + text.size()); }
  void key(std::string_view name) {
    if (out_.size() > 0) append(json_ ? "," : " ");
    if (json_) append("\"");
    append(name);
    append(json_ ? "\":" : "=");
  }
  // What came over the network may be anything: a line stays one line, and of what a terminal or a parser of JSON can
  // show.
  void quoted(std::string_view value) {
    append("\"");
    for (const char c : value) {
      if (c == '"' || c == '\\') append("\\");
      out_.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    }
    append("\"");
  }

  const bool json_;
  fmt::memory_buffer out_;
};

class Lines final : public spdlog::sinks::sink {
 public:
  explicit Lines(bool json) : json_(json) {}

  void log(const spdlog::details::log_msg& message) override {
    const uint64_t lost = lost_.load(std::memory_order_relaxed) + overrun();
    if (lost > told_ && put(message.time, spdlog::level::warn, dropped(lost - told_))) told_ = lost;
    if (!put(message.time, message.level, {message.payload.data(), message.payload.size()}))
      lost_.fetch_add(1, std::memory_order_relaxed);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  void watch(std::weak_ptr<spdlog::details::thread_pool> pool) { pool_ = std::move(pool); }
  void end_within(std::chrono::milliseconds patience) { stderr_.end_within(patience); }

 private:
  // Lines that found the queue full took the place of the oldest.
  std::size_t overrun() {
    const auto pool = pool_.lock();
    return pool ? pool->overrun_counter() : 0;
  }
  [[nodiscard]] std::string dropped(uint64_t count) const {
    Members members(json_);
    members.text("event", "dropped");
    members.text("message", fmt::format("{} lines of the log were dropped, because stderr was not read", count));
    return std::string(members.view());
  }
  bool put(spdlog::log_clock::time_point time, spdlog::level::level_enum level, std::string_view members) {
    const std::string at = base::format_iso8601_milliseconds(std::chrono::floor<base::Duration>(time));
    std::string line = json_ ? fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",{}}}\n", at, name_of(level), members)
                             : fmt::format("{} {} {}\n", at, name_of(level), members);
    return stderr_.write(line);
  }

  const bool json_;
  os::StderrLines stderr_;
  std::weak_ptr<spdlog::details::thread_pool> pool_;
  std::atomic<uint64_t> lost_ = 0;
  uint64_t told_ = 0;
};

bool is_slow(const RequestRecord& record) {
  return record.busy() > RequestLog::kSlow;
}

spdlog::level::level_enum level_of(const RequestRecord& record) {
  const bool refused = record.refusal != server::Refusal::none && record.refusal != server::Refusal::route;
  if (record.status >= 500 && !refused) return spdlog::level::err;
  return refused || is_slow(record) ? spdlog::level::warn : spdlog::level::info;
}

}  // namespace

std::optional<Level> LogOptions::parse_level(std::string_view text) {
  constexpr std::string_view kNames[] = {"off", "error", "warn", "info", "debug"};
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (text == kNames[i]) return static_cast<Level>(i);
  return std::nullopt;
}

std::expected<LogOptions, std::string> LogOptions::from_environment(Level level) {
  LogOptions out{.level = level};
  if (const auto set = os::environment("TILL_LOG"); set && !set->empty()) {
    const auto parsed = parse_level(*set);
    if (!parsed) return std::unexpected("TILL_LOG is \"" + *set + "\": it can be off, error, warn, info or debug");
    out.level = *parsed;
  }
  if (const auto set = os::environment("TILL_LOG_FORMAT"); set && !set->empty()) {
    if (*set != "text" && *set != "json")
      return std::unexpected("TILL_LOG_FORMAT is \"" + *set + "\": it can be text or json");
    out.json = *set == "json";
  }
  return out;
}

struct RequestLog::Writer {
  std::shared_ptr<Lines> lines;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;

  void put(spdlog::level::level_enum level, std::string_view members) const {
    logger->log(level, spdlog::string_view_t(members.data(), members.size()));
  }
};

std::expected<std::unique_ptr<RequestLog>, std::string> RequestLog::make(const LogOptions& options) {
  auto writer = std::make_unique<Writer>();
  try {
    writer->lines = std::make_shared<Lines>(options.json);
    writer->pool = std::make_shared<spdlog::details::thread_pool>(
        options.level >= Level::info ? kQueuedOfAll : kQueuedOfFew, 1, [] { os::name_this_thread("till-log"); });
    writer->lines->watch(writer->pool);
    writer->logger = std::make_shared<spdlog::async_logger>("till", writer->lines, writer->pool,
                                                            spdlog::async_overflow_policy::overrun_oldest);
  } catch (const std::exception& error) {
    return std::unexpected(std::string("the log of requests cannot start: ") + error.what());
  }
  writer->logger->set_level(level_of(options.level));
  return std::unique_ptr<RequestLog>(new RequestLog(options, std::move(writer)));
}

RequestLog::RequestLog(const LogOptions& options, std::unique_ptr<Writer> writer)
    : options_(options), writer_(std::move(writer)) {}

RequestLog::~RequestLog() {
  writer_->lines->end_within(kEndPatience);
}

void RequestLog::on_answered(const RequestRecord& record) {
  const auto level = level_of(record);
  if (!writer_->logger->should_log(level)) return;
  Members line(options_.json);
  line.text("event", "request");
  line.text("service", record.service);
  line.text("operation", record.operation);
  line.number("status", static_cast<uint64_t>(record.status));
  line.milliseconds("duration_ms", record.duration());
  line.milliseconds("parked_ms", record.steps[static_cast<std::size_t>(server::Step::parked)]);
  line.text("caller", record.caller);
  line.text("account", record.account);
  line.text("region", record.region);
  line.text("peer", record.peer);
  line.text("request_id", record.request_id);
  line.number("bytes_in", record.bytes_in);
  line.text("error", record.code);
  line.text("message", record.message);
  line.text("refused", server::name_of(record.refusal));
  line.text("kind", record.refusal_kind);
  line.text("reason", record.reason);
  line.text("slow_step", is_slow(record) ? server::name_of(record.longest_step()) : "");
  if (options_.level == Level::debug) {
    for (std::size_t i = 0; i < server::kSteps; ++i) {
      const auto step = static_cast<server::Step>(i);
      if (step == server::Step::parked) continue;
      line.milliseconds(fmt::format("{}_ms", server::name_of(step)), record.steps[i]);
    }
  }
  writer_->put(level, line.view());
}

void RequestLog::on_http_refused(int status, std::string_view reason, std::string_view peer) {
  if (!writer_->logger->should_log(spdlog::level::warn)) return;
  Members line(options_.json);
  line.text("event", "http_refused");
  line.number("status", static_cast<uint64_t>(status));
  line.text("peer", peer);
  line.text("reason", reason);
  writer_->put(spdlog::level::warn, line.view());
}

}  // namespace cli
