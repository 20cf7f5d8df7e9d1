// till bench.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/data_directory.h"
#include "cli/definition_file.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/follow.h"
#include "cli/machine_limit.h"
#include "cli/memory_use.h"
#include "cli/output.h"
#include "os/env.h"
#include "pipeline/record_shape.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

bool write_orders(const std::string& file, uint64_t orders, uint64_t seed, Interruption& interruption) {
  std::ofstream out(file, std::ios::binary);
  pipeline::OrderGenerator generator({.seed = seed});
  for (uint64_t i = 0; i < orders && out.good() && !interruption.requested(); ++i) out << generator.next() << "\n";
  return out.flush().good();
}

// The same number as records that the definition reads, in a JSON array.
bool write_records(const std::string& file, const pipeline::Mapping& mapping, uint64_t orders, uint64_t seed,
                   Interruption& interruption) {
  std::ofstream out(file, std::ios::binary);
  pipeline::OrderGenerator generator({.seed = seed});
  const pipeline::RecordShape shape(mapping);
  for (uint64_t i = 0; i < orders && out.good() && !interruption.requested(); ++i)
    out << (i == 0 ? "[" : ",\n") << shape.record(generator.next_order());
  out << "]\n";
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

struct Measured {
  pipeline::Tally tally;
  double seconds = 0;
  uint64_t functions_bytes = 0;  // while the functions still run

  [[nodiscard]] double orders_per_second() const { return static_cast<double>(tally.read) / seconds; }
};

// Sends the file through an engine and a stack of its own below `directory`, whatever else runs, and nothing of the
// environment but TILL_LOG. `definition` may be empty. Without an answer `exit_code` is the command's.
std::optional<Measured> measure(const std::string& directory, const std::string& file, const std::string& definition,
                                Interruption& interruption, int& exit_code) {
  const auto log = LogOptions::from_environment(LogOptions::Level::off);
  if (!log.has_value()) {
    print_error("bench: " + log.error());
    exit_code = kUsage;
    return std::nullopt;
  }
  auto local = LocalEngine::open({.data_directory = directory, .log = *log});
  if (!local.has_value()) {
    print_error(local.error().message);
    exit_code = local.error().exit_code;
    return std::nullopt;
  }
  GlobalOptions global;
  global.endpoint = (*local)->endpoint_url();
  global.ignore_environment = true;
  global.file = definition;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return std::nullopt;
  exit_code = check_packages(*session);
  if (exit_code != kOk) return std::nullopt;
  const auto made = session->stack().up([](const pipeline::Step&) {});
  if (!made.has_value()) {
    exit_code = print_failure("up", made.error());
    return std::nullopt;
  }
  Follower follower(session->services(), session->env(), session->stack(), session->definition(), interruption);
  auto followed = follower.follow({file, file}, /*quiet=*/true);
  if (interruption.requested()) exit_code = kInterrupted;
  if (exit_code == kOk && !followed.has_value()) exit_code = print_failure("bench", followed.error());
  if (exit_code != kOk) return std::nullopt;
  return Measured{std::move(followed->tally), followed->seconds, children_peak_resident_bytes()};
}

std::string json_of(Measured& measured) {
  const pipeline::Tally& tally = measured.tally;
  uint64_t quarantined = 0;
  for (const auto& [reason, count] : tally.quarantined) quarantined += count;
  return fmt::format(
      "\"orders\":{},\"accepted\":{},\"quarantined\":{},\"duplicates\":{},\"missing\":{},\"seconds\":{:.2f},"
      "\"orders_per_second\":{:.0f},\"latency_ms\":{{\"p50\":{},\"p99\":{}}}",
      tally.read, tally.accepted, quarantined, tally.duplicates, tally.missing, measured.seconds,
      measured.orders_per_second(), percentile(measured.tally.latencies_ms, 50),
      percentile(measured.tally.latencies_ms, 99));
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
  std::optional<DefinitionFile> definition;
  if (!given.file.empty()) {
    auto loaded = load_definition(given.file);
    if (!loaded.has_value()) {
      print_error(loaded.error());
      return kUsage;
    }
    definition = std::move(*loaded);
  }
  if (definition.has_value() && definition->definition.documents.kind != pipeline::DocumentFormat::Kind::json) {
    print_error("bench: it makes records in JSON, and the definition is for CSV");
    return kUsage;
  }
  os::SystemEnv system;
  Interruption interruption(system.env());  // from the first file to the last, so that none is left
  const ScratchDirectory scratch(
      given.data_directory + "/bench-" + base::random_string(system.env().random, 8, "0123456789abcdef"), keep_data);
  const std::string file = scratch.path() + "/orders.ndjson";
  const std::string records = scratch.path() + "/records.json";
  const bool written =
      write_orders(file, orders, seed, interruption) &&
      (!definition.has_value() || write_records(records, definition->definition.mapping, orders, seed, interruption));
  if (!written) {
    print_error(scratch.path() + ": the orders cannot be written");
    return kFailed;
  }
  if (interruption.requested()) return kInterrupted;
  int exit_code = kOk;
  auto plain = measure(scratch.path() + "/data", file, "", interruption, exit_code);
  if (!plain.has_value()) return exit_code;
  const uint64_t engine_bytes = peak_resident_bytes();
  std::optional<Measured> defined;
  if (definition.has_value()) {
    defined = measure(scratch.path() + "/data-defined", records, definition->path, interruption, exit_code);
    if (!defined.has_value()) return exit_code;
  }
  const auto limit = machine_limit(system.env(), file, scratch.path() + "/limit");
  if (interruption.requested()) return kInterrupted;
  if (!limit.has_value()) {
    print_error(limit.error());
    return kFailed;
  }
  std::string with_definition;
  if (defined.has_value())
    with_definition =
        fmt::format(",\"with_definition\":{{\"file\":{},{},\"of_without\":{:.3f}}}", json_text(definition->path),
                    json_of(*defined), defined->orders_per_second() / plain->orders_per_second());
  print_line(
      fmt::format("{{{},\"peak_resident_mib\":{{\"engine\":{:.1f},\"functions\":{:.1f}}},"
                  "\"machine_limit_orders_per_second\":{:.0f},\"of_machine_limit\":{:.3f}{}}}",
                  json_of(*plain), mib(engine_bytes), mib(plain->functions_bytes), *limit,
                  plain->orders_per_second() / *limit, with_definition));
  const auto is_complete = [&](const Measured& one) { return one.tally.read == orders && one.tally.missing == 0; };
  return is_complete(*plain) && (!defined.has_value() || is_complete(*defined)) ? kOk : kCheckFailed;
}

}  // namespace cli
