// alarm_evaluation: how long one round of evaluation takes. Puts `--series` metrics and `--alarms` alarms on some of
// them into a CloudWatch over RocksDB, on a clock of its own, and moves that from minute to minute. Prints one JSON
// object. Every second alarm changes its state in each round, so that half of the rounds' work is writing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "base/manual/manual_env.h"
#include "engine/cloudwatch/service.h"
#include "store/rocksdb/rocksdb_store.h"

namespace bench {
namespace {

using engine::cloudwatch::CloudWatchService;

struct Options {
  std::size_t alarms = 100;
  std::size_t series = 10'000;
  int rounds = 20;
  std::string directory = ".";
};

struct Bench {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store;
  std::unique_ptr<CloudWatchService> service;

  explicit Bench(const std::string& directory)
      : store(open(directory, env.env)), service(std::make_unique<CloudWatchService>(*store, env.env)) {
    env.clock.advance(std::chrono::seconds(40));  // to the start of a minute
  }
  static std::unique_ptr<store::KvStore> open(const std::string& directory, base::Env& env);

  aws::Context context() {
    aws::Context out;
    out.now = env.clock.now();
    out.account = "000000000000";
    out.region = "us-east-1";
    return out;
  }
  void put_values(std::size_t series, double value) {
    for (std::size_t from = 0; from < series; from += 1'000) {
      aws::cloudwatch::PutMetricDataInput in;
      in.namespace_ = "bench";
      auto& data = in.metric_data.emplace();
      for (std::size_t i = from; i < std::min(series, from + 1'000); ++i) {
        auto& datum = data.emplace_back();
        datum.metric_name = fmt::format("metric-{}", i);
        datum.value = i % 2 == 0 ? value : 0;
      }
      aws::Context call = context();
      if (!service->put_metric_data(call, std::move(in))) std::abort();
    }
  }
  void put_alarm(std::size_t i, std::size_t series) {
    aws::cloudwatch::PutMetricAlarmInput in;
    in.alarm_name = fmt::format("alarm-{}", i);
    in.namespace_ = "bench";
    in.metric_name = fmt::format("metric-{}", i % series);
    in.statistic = "Average";
    in.period = 60;
    in.evaluation_periods = 1;
    in.threshold = 1;
    in.comparison_operator = "GreaterThanThreshold";
    aws::Context call = context();
    if (!service->put_metric_alarm(call, std::move(in))) std::abort();
  }
};

std::unique_ptr<store::KvStore> Bench::open(const std::string& directory, base::Env& env) {
  store::RocksDbOptions options;
  options.directory = directory;
  auto opened = store::open_rocksdb_store(options, env);
  if (opened) return std::move(*opened);
  fmt::print(stderr, "alarm_evaluation: {}\n", opened.error().message);
  std::exit(1);
}

void run(const Options& options) {
  const std::filesystem::path directory = std::filesystem::path(options.directory) / "alarm_evaluation.data";
  if (!std::filesystem::create_directories(directory)) {  // it is removed in the end, so it has to be our own
    fmt::print(stderr, "alarm_evaluation: {} is there already\n", directory.string());
    std::exit(1);
  }
  std::vector<double> milliseconds;
  {
    Bench bench(directory.string());
    for (std::size_t i = 0; i < options.alarms; ++i) bench.put_alarm(i, options.series);
    for (int round = 0; round < options.rounds; ++round) {
      bench.put_values(options.series, round % 2 == 0 ? 5 : 0);
      bench.env.clock.advance(std::chrono::minutes(1));
      const auto begin = std::chrono::steady_clock::now();
      bench.service->evaluate_alarms();
      const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
      milliseconds.push_back(taken.count());
    }
  }
  std::filesystem::remove_all(directory);
  std::ranges::sort(milliseconds);
  fmt::print(R"({{"alarms":{},"series":{},"rounds":{},"milliseconds_median":{:.2f},"milliseconds_max":{:.2f}}})"
             "\n",
             options.alarms, options.series, options.rounds, milliseconds[milliseconds.size() / 2],
             milliseconds.back());
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app("One round of the evaluation of alarms");
  app.add_option("--alarms", options.alarms, "alarms")->check(CLI::Range(1, 5'000));
  app.add_option("--series", options.series, "metrics")->check(CLI::Range(1, 100'000));
  app.add_option("--rounds", options.rounds, "minutes that pass")->check(CLI::Range(1, 1'000));
  app.add_option("--directory", options.directory, "where the store is made, and removed");
  CLI11_PARSE(app, argc, argv);
  bench::run(options);
  return 0;
}
