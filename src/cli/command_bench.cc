// till bench.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/follow.h"
#include "cli/machine_limit.h"
#include "cli/memory_use.h"
#include "cli/output.h"
#include "os/env.h"
#include "pipeline/generate.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

bool write_orders(const std::string& file, uint64_t orders, uint64_t seed, Interruption& interruption) {
  std::ofstream out(file, std::ios::binary);
  pipeline::OrderGenerator generator({.seed = seed});
  for (uint64_t i = 0; i < orders && out.good() && !interruption.requested(); ++i) out << generator.next() << "\n";
  return out.flush().good();
}

// A directory of our own that goes with us.
class ScratchDirectory {
 public:
  // A failure to make it shows when something is written there.
  ScratchDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {
    std::error_code ignored;
    fs::create_directories(path_, ignored);
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!keep_) fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const bool keep_;
};

double mib(uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

int bench(const GlobalOptions& given, uint64_t orders, uint64_t seed, bool keep_data) {
  if (!given.endpoint.empty()) {
    print_error("bench: it measures an engine of its own, so it takes no --endpoint");
    return kUsage;
  }
  if (const auto found = has_data(absolute_directory(given.data_directory)); !found.has_value()) {
    print_error(found.error());
    return kFailed;
  }
  os::SystemEnv system;
  Interruption interruption(system.env());  // from the first file to the last, so that none is left
  const ScratchDirectory scratch(
      given.data_directory + "/bench-" + base::random_string(system.env().random, 8, "0123456789abcdef"), keep_data);
  const std::string file = scratch.path() + "/orders.ndjson";
  if (!write_orders(file, orders, seed, interruption)) {
    print_error(file + ": cannot be written");
    return kFailed;
  }
  if (interruption.requested()) return kInterrupted;
  pipeline::Tally tally;
  double seconds = 0;
  uint64_t functions_bytes = 0;
  {
    // Its own engine, whatever else runs, and nothing of the environment.
    auto local = LocalEngine::open({.data_directory = scratch.path() + "/data"});
    if (!local.has_value()) {
      print_error(local.error().message);
      return local.error().exit_code;
    }
    GlobalOptions global;
    global.endpoint = (*local)->endpoint_url();
    global.ignore_environment = true;
    int exit_code = kOk;
    const auto session = open_session(global, exit_code);
    if (session == nullptr) return exit_code;
    const auto made = session->stack().up([](const pipeline::Step&) {});
    if (!made.has_value()) return print_failure("up", made.error());
    Follower follower(session->services(), session->env(), session->stack(), session->definition(), interruption);
    auto followed = follower.follow({file, file}, /*quiet=*/true);
    if (interruption.requested()) return kInterrupted;
    if (!followed.has_value()) return print_failure("bench", followed.error());
    functions_bytes = children_peak_resident_bytes();
    tally = std::move(followed->tally);
    seconds = followed->seconds;
  }
  const uint64_t engine_bytes = peak_resident_bytes();
  const auto limit = machine_limit(system.env(), file, scratch.path() + "/limit");
  if (interruption.requested()) return kInterrupted;
  if (!limit.has_value()) {
    print_error(limit.error());
    return kFailed;
  }
  uint64_t quarantined = 0;
  for (const auto& [reason, count] : tally.quarantined) quarantined += count;
  const double rate = static_cast<double>(tally.read) / seconds;
  print_line(fmt::format(
      "{{\"orders\":{},\"accepted\":{},\"quarantined\":{},\"duplicates\":{},\"missing\":{},\"seconds\":{:.2f},"
      "\"orders_per_second\":{:.0f},\"latency_ms\":{{\"p50\":{},\"p99\":{}}},"
      "\"peak_resident_mib\":{{\"engine\":{:.1f},\"functions\":{:.1f}}},"
      "\"machine_limit_orders_per_second\":{:.0f},\"of_machine_limit\":{:.3f}}}",
      tally.read, tally.accepted, quarantined, tally.duplicates, tally.missing, seconds, rate,
      percentile(tally.latencies_ms, 50), percentile(tally.latencies_ms, 99), mib(engine_bytes), mib(functions_bytes),
      *limit, rate / *limit));
  return tally.read == orders && tally.missing == 0 ? kOk : kCheckFailed;
}

}  // namespace cli
