#include "cli/engine_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "cli/memory_use.h"
#include "cli/version.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using metrics::Writer;
using Type = Writer::Type;

constexpr std::size_t kQueuesMax = 100;  // further ones, the shortest, are added up as "other"

void write_queues(Writer& writer, std::vector<engine::QueueState> queues) {
  const auto size = [](const engine::QueueState& queue) { return queue.visible + queue.in_flight + queue.delayed; };
  std::ranges::sort(queues, [&](const auto& a, const auto& b) { return size(a) > size(b); });
  if (queues.size() > kQueuesMax) {
    engine::QueueState& other = queues[kQueuesMax - 1];
    other.name = "other";
    other.account = other.region = "";
    for (std::size_t i = kQueuesMax; i < queues.size(); ++i) {
      other.visible += queues[i].visible;
      other.in_flight += queues[i].in_flight;
      other.delayed += queues[i].delayed;
      other.oldest_age = std::max(other.oldest_age, queues[i].oldest_age);
    }
    queues.resize(kQueuesMax);
  }
  writer.family("till_queue_messages", Type::gauge, "Messages in a queue of SQS.");
  for (const auto& queue : queues) {
    const auto one = [&](std::string_view state, std::size_t count) {
      writer.sample(static_cast<double>(count),
                    {{"queue", queue.name}, {"account", queue.account}, {"region", queue.region}, {"state", state}});
    };
    one("visible", queue.visible);
    one("in_flight", queue.in_flight);
    one("delayed", queue.delayed);
  }
  writer.family("till_queue_oldest_age_seconds", Type::gauge, "Age of the oldest message in a queue.", "seconds");
  for (const auto& queue : queues) {
    writer.sample(std::chrono::duration<double>(queue.oldest_age).count(),
                  {{"queue", queue.name}, {"account", queue.account}, {"region", queue.region}});
  }
}

void write_totals(Writer& writer, const std::vector<engine::MetricTotal>& totals) {
  const auto of_functions = [&](std::string_view family, std::string_view metric, std::string_view help) {
    writer.family(family, Type::counter, help);
    for (const auto& total : totals)
      if (total.name_space == "AWS/Lambda" && total.name == metric)
        writer.sample(total.sum, {{"function", total.subject}});
  };
  of_functions("till_function_invocations", "Invocations", "Invocations of a function that have ended.");
  of_functions("till_function_errors", "Errors", "Invocations that ended with an error of the function.");
  of_functions("till_function_throttles", "Throttles", "Invocations that were refused for want of concurrency.");
  writer.family("till_orders", Type::counter, "Orders, by what the pipeline's functions say became of them.");
  for (const auto& total : totals)
    if (total.name_space == "Tillstream") writer.sample(total.sum, {{"outcome", total.name}, {"stack", total.subject}});
}

void write_store(Writer& writer, const MeasuredEngine& measured) {
  const store::Statistics& store = measured.store;
  writer.family("till_store_commits", Type::counter, "Batches that were written.");
  writer.sample(store.commits);
  writer.family("till_store_log_bytes", Type::counter, "Bytes that were written to the store's log.", "bytes");
  writer.sample(store.bytes);
  writer.family("till_store_sync_duration_seconds", Type::histogram,
                "Syncs of the log, each for all that waits for it.", "seconds");
  writer.sample(store.syncs);
  if (measured.data_directory.empty()) return;
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(measured.data_directory + "/store", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  writer.family("till_store_size_bytes", Type::gauge, "Bytes of the store's files.", "bytes");
  writer.sample(static_cast<double>(bytes));
  const fs::space_info space = fs::space(measured.data_directory, error);
  if (error) return;
  writer.family("till_disk_free_bytes", Type::gauge, "Free for this user on the data directory's disk.", "bytes");
  writer.sample(static_cast<double>(space.available));
  writer.family("till_disk_size_bytes", Type::gauge, "Size of the data directory's disk.", "bytes");
  writer.sample(static_cast<double>(space.capacity));
}

void write_server(Writer& writer, const MeasuredEngine& measured) {
  writer.family("till_connections", Type::gauge, "Open HTTP connections, those of functions included.");
  writer.sample(static_cast<double>(measured.io.connections));
  writer.family("till_parked_calls", Type::gauge, "Calls that wait for an event, without a thread.");
  writer.sample(static_cast<double>(measured.api.parked_calls()));
  const server::WorkerPool::Load load = measured.api.worker_load();
  writer.family("till_workers", Type::gauge, "Threads for what is not quick.");
  writer.sample(static_cast<double>(load.busy), {{"state", "busy"}});
  writer.sample(static_cast<double>(load.threads - load.busy), {{"state", "idle"}});
  writer.family("till_queued_calls", Type::gauge, "Calls that wait for such a thread.");
  writer.sample(static_cast<double>(load.queued));
  writer.family("till_functions_running", Type::gauge, "Invocations that run.");
  writer.sample(static_cast<double>(measured.functions_running));
}

void write_process(Writer& writer, const MeasuredEngine& measured) {
  writer.family("till_build", Type::gauge, "The version, as a label.");
  writer.sample(1, {{"version", kVersion}});
  writer.family("process_resident_memory_bytes", Type::gauge, "Resident memory of the engine.", "bytes");
  writer.sample(static_cast<double>(resident_bytes()));
  std::error_code error;
  const auto files = std::distance(fs::directory_iterator("/proc/self/fd", error), fs::directory_iterator());
  if (!error) {
    writer.family("process_open_fds", Type::gauge, "Open files and sockets.");
    writer.sample(static_cast<double>(files));
  }
  writer.family("process_start_time_seconds", Type::gauge, "When the engine started, since 1970.", "seconds");
  writer.sample(std::chrono::duration<double>(measured.started_at.time_since_epoch()).count());
}

}  // namespace

std::string engine_metrics(const MeasuredEngine& measured) {
  Writer writer;
  measured.requests.write(writer);
  write_server(writer, measured);
  write_store(writer, measured);
  write_queues(writer, measured.engine.queue_states());
  write_totals(writer, measured.engine.metric_totals());
  write_process(writer, measured);
  return std::move(writer).finish();
}

}  // namespace cli
