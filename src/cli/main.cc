// till: the composition root. Reads the command line and calls one command.
#include <CLI/CLI.hpp>
#include <charconv>

#include "aws/http/shown_url.h"
#include "aws/rules/mail_address.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/machine_commands.h"
#include "cli/order_commands.h"
#include "cli/output.h"
#include "cli/store_commands.h"
#include "cli/version.h"
#include "os/environment.h"
#include "os/standard_streams.h"

namespace {

std::string default_data_directory() {
  if (const auto set = os::environment("TILL_DATA"); set.has_value() && !set->empty()) return *set;
  if (const auto xdg = os::environment("XDG_DATA_HOME"); xdg.has_value() && !xdg->empty()) return *xdg + "/tillstream";
  const std::string home = os::home_directory();
  return (home.empty() ? "." : home) + "/.local/share/tillstream";
}

// CLI11 2.1 reads "-5" into an unsigned number as 2^64 - 5, and what is larger than any as the largest of all.
std::string no_sign(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc() && end == text.data() + text.size();
  return good ? "" : "not a number of 0 or more: " + text;
}

std::string positive(const std::string& text) {
  const bool good = no_sign(text).empty() && text.find_first_not_of('0') != std::string::npos;
  return good ? "" : "not a number of 1 or more: " + text;
}

// Everything the command line can say.
struct Arguments {
  cli::GlobalOptions global;
  cli::ServeOptions serve;
  cli::UpOptions up;
  cli::RunOptions run;
  cli::LogsOptions logs;
  cli::TemplateOptions templates;
  cli::CostOptions cost;
  std::string text, queue, id, receipt, name_space, function, payload = "{}", zip, drill, preset = "original";
  std::vector<std::string> functions;
  std::vector<std::string> files;
  std::optional<uint64_t> move_max;
  int timeout_seconds = 180;
  bool yes = false;
  bool event = false;
  int messages_max = 10;
  int wait_seconds = 0;
  bool failed_only = false;
  uint64_t rows_max = 100;
  uint64_t count = 0;
  uint64_t seed = 1;
  bool array = false;
  bool text_only = false;
  bool keep = false;
  int exit_code = cli::kOk;
};

std::string address_fault(const std::string& text) {
  if (aws::rules::is_mail_address(text)) return "";
  return "not an address: " + text + (pipeline::may_be_several(text) ? "; give --email once for each" : "");
}

void add_up_options(CLI::App& command, Arguments& a) {
  command.add_option("--threshold", a.up.threshold, "An order above this amount is notified (50000, or as it is)")
      ->check([](const std::string& text) { return text.empty() ? "not a number: it is empty" : ""; });
  // One value each time, or `till run --email me@example.com orders.json` would take the file for an address.
  command.add_option("--email", a.up.emails, "Address that gets large orders and alarms; may be repeated")
      ->allow_extra_args(false)
      ->check(address_fault);
  command.add_option("--webhook", a.up.webhooks, "http(s) URL that gets the same by POST; may be repeated")
      ->allow_extra_args(false)
      ->check([](const std::string& url) {
        return pipeline::is_webhook_url(url)
                   ? ""
                   : "not a URL that begins with http:// or https://: " + aws::http::without_user(url);
      });
}

void add_stack_commands(CLI::App& app, Arguments& a) {
  const auto run_options = [&a](CLI::App& command) {
    CLI::Option* files = command.add_option(
        "FILE", a.run.files, "JSON (an array, lines, objects, pages) or CSV of orders; directories; - is stdin");
    command
        .add_option("--watch", a.run.watch,
                    "Instead: take each file of this directory when it is finished, once, until Ctrl-C")
        ->excludes(files);
    command.add_option("--max-rejected", a.run.rejected_max, "Exit code 3 if more orders of a file are refused (all)")
        ->check(no_sign);
  };
  CLI::App* run = app.add_subcommand("run", "Send files of orders through the pipeline and account for each order");
  run_options(*run);
  add_up_options(*run, a);
  run->callback([&a] { a.exit_code = cli::run(a.global, a.up, a.run); });
  CLI::App* ingest = app.add_subcommand("ingest", "The same, for a pipeline that is up");
  run_options(*ingest);
  ingest->callback([&a] { a.exit_code = cli::ingest(a.global, a.run); });
  CLI::App* plan = app.add_subcommand("plan", "Show what up would make or change, and change nothing");
  add_up_options(*plan, a);
  plan->callback([&a] { a.exit_code = cli::plan(a.global, a.up); });
  CLI::App* up = app.add_subcommand("up", "Make the pipeline's resources, or put right what has changed");
  add_up_options(*up, a);
  up->add_flag("--replace", a.up.replace, "Replace tables that cannot be changed, with their rows");
  up->add_flag("--replace-code", a.up.replace_code, "Replace code of functions that was deployed by hand");
  up->callback([&a] { a.exit_code = cli::up(a.global, a.up); });
  CLI::App* down = app.add_subcommand("down", "Remove them with all that is in them, and show that nothing is left");
  down->add_flag("--yes", a.yes, "Do not ask");
  down->add_flag("--keep-data", a.keep, "Leave the tables and the bucket, which the next up takes back");
  down->callback([&a] { a.exit_code = cli::down(a.global, a.yes, a.keep); });
  CLI::App* templates = app.add_subcommand("export", "Write the pipeline down for CloudFormation, SAM or Terraform");
  templates
      ->add_option("KIND", a.templates.kind,
                   "cloudformation, sam, terraform, or deployer-policy: what may run up, run and down on AWS")
      ->required()
      ->check(CLI::IsMember({"cloudformation", "sam", "terraform", "deployer-policy"}));
  templates->add_option("--output", a.templates.directory,
                        "Directory for the template and the functions' packages (the template alone, on stdout)");
  add_up_options(*templates, a);
  templates->callback([&a] { a.exit_code = cli::template_export(a.global, a.up, a.templates); });
  app.add_subcommand("status", "What is there, and what waits")->callback([&a] {
    a.exit_code = cli::status(a.global);
  });
}

void add_serve(CLI::App& app, Arguments& a) {
  CLI::App* serve = app.add_subcommand("serve", "Run the engine until SIGTERM, SIGINT or SIGHUP");
  serve->add_option("--port", a.serve.port, "Port, 0 for a free one (4566)")->check(CLI::Range(0, 65'535));
  serve
      ->add_option("--listen", a.serve.listen,
                   "IP address (127.0.0.1); beyond loopback root needs TILL_ROOT_ACCESS_KEY_ID and "
                   "TILL_ROOT_SECRET_ACCESS_KEY, or --root-key")
      ->check(
          [](const std::string& text) { return cli::ListenAddress::parse(text) ? "" : "not an IP address: " + text; });
  serve
      ->add_option("--host", a.serve.hosts,
                   "Name by which clients may address the engine, such as till; may be repeated")
      ->allow_extra_args(false)
      ->check([](const std::string& name) {
        return cli::is_host_name(name) ? "" : "not a host name without scheme and port: " + name;
      });
  serve->add_option("--root-key", a.serve.root_key,
                    "File with root's key; if it is not there, one is made up and written there");
  serve->add_flag("--any-key", a.serve.any_key,
                  "Take every unknown access key for root's, unverified; on loopback only");
  serve->add_flag("--memory", a.serve.in_memory, "Keep nothing on disk");
  serve->add_flag("--accept-data-loss", a.serve.accept_data_loss, "Open a damaged store with what can be read");
  serve
      ->add_option(
          "--log", a.serve.log,
          "Which requests have a line on stderr: off, error, warn (refused, throttled, slow; default), info (all), "
          "debug (with their steps)")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"off", "error", "warn", "info", "debug"}));
  serve->add_flag("--open-metrics", a.serve.open_metrics,
                  "Give /metrics to other machines, too; it needs no key and names queues and functions");
  serve->add_option("--log-format", a.serve.log_format, "text or json")->check(CLI::IsMember({"text", "json"}));
  CLI::Option* const backup_to = serve->add_option(
      "--backup-to", a.serve.backup_to, "Directory of backups that gets one each day, as `till backup` makes them");
  serve->add_option("--backup-keep", a.serve.backup_keep, "So many of the newest stay there (30)")
      ->check(CLI::Range(1, 100'000, ""))
      ->type_name("N")
      ->needs(backup_to);
  serve->add_flag("--lenient", a.serve.lenient,
                  "Accept, with a warning, what the original's scripts do and AWS refuses");
  serve->add_option("--clock", a.serve.clock, "system, or virtual: it stands still but for POST /_till/clock/advance")
      ->check(CLI::IsMember({"system", "virtual"}));
  serve
      ->add_option("--throttle", a.serve.throttle,
                   "on: DynamoDB's provisioned throughput throttles once its burst is used up; off: never")
      ->check(CLI::IsMember({"on", "off"}));
  CLI::Option* const like_aws =
      serve
          ->add_option("--like-aws", a.serve.like_aws,
                       "Behave as AWS legally may: delays, throttles, failures, messages twice (docs/like-aws.md); the "
                       "same for the same seed")
          ->expected(0, 1)
          ->type_name("[=SEED]")
          ->check([](const std::string& seed) { return cli::is_like_aws_seed(seed) ? "" : "not a seed: " + seed; });
  serve
      ->add_option("--like-aws-rate", a.serve.like_aws_rates,
                   "With --like-aws, such as iam=2: throttle what comes faster to a service than that in a second")
      ->type_name("SERVICE=CALLS")
      ->allow_extra_args(false)
      ->check([](const std::string& rate) {
        return cli::parse_like_aws_rate(rate) ? "" : "not a service of the engine and a number of calls: " + rate;
      });
  serve
      ->add_option(
          "--clock-skew", a.serve.clock_skew_seconds,
          "Judge signatures, and date replies, by a clock that is so many seconds ahead (or -N: behind) of the "
          "machine's")
      ->type_name("SECONDS")
      ->check(CLI::Range(-86'400, 86'400, ""));
  serve->callback([&a, like_aws] {
    if (like_aws->count() > 0 && a.serve.like_aws.empty()) a.serve.like_aws = cli::kDrawnSeed;
    a.exit_code = cli::serve(a.global, a.serve);
  });
}

void add_queue_commands(CLI::App& app, Arguments& a) {
  const auto queue_option = [&a](CLI::App& command) {
    command.add_option("--queue", a.queue, "Queue name or URL (the stack's orders queue)");
  };
  CLI::App* send = app.add_subcommand("send", "Send one message");
  send->add_option("TEXT", a.text, "The body; - reads it from standard input")->required();
  queue_option(*send);
  send->callback([&a] { a.exit_code = cli::send(a.global, a.queue, a.text); });
  CLI::App* receive = app.add_subcommand("receive", "Receive messages; they come again unless deleted");
  receive->add_option("--max", a.messages_max, "At most this many (10)")->check(CLI::Range(1, 10));
  receive->add_option("--wait", a.wait_seconds, "Wait this long for the first (0)")->check(CLI::Range(0, 20));
  queue_option(*receive);
  receive->callback([&a] { a.exit_code = cli::receive(a.global, a.queue, a.messages_max, a.wait_seconds); });
  CLI::App* remove = app.add_subcommand("delete", "Delete a received message");
  remove->add_option("RECEIPT", a.receipt, "The receipt handle")->required();
  queue_option(*remove);
  remove->callback([&a] { a.exit_code = cli::delete_message(a.global, a.queue, a.receipt); });
}

void add_data_commands(CLI::App& app, Arguments& a) {
  CLI::App* uploads = app.add_subcommand("uploads", "The documents that came into the bucket");
  uploads->require_subcommand(1);
  CLI::App* documents = uploads->add_subcommand("list", "Their states, and what is wrong with them; the newest first");
  documents->add_flag("--failed", a.failed_only, "Only those that could not be read as orders");
  documents->callback([&a] { a.exit_code = cli::uploads_list(a.global, a.failed_only); });
  CLI::App* document = uploads->add_subcommand("show", "One, and what became of its orders");
  document->add_option("ID", a.id, "upload_id")->required();
  document->callback([&a] { a.exit_code = cli::uploads_show(a.global, a.id); });
  CLI::App* dlq = app.add_subcommand("dlq", "The orders that were given up");
  dlq->require_subcommand(1);
  CLI::App* dead = dlq->add_subcommand("list", "Show them; they stay");
  dead->add_option("--max", a.rows_max, "At most this many (100)")->check(positive);
  dead->callback([&a] { a.exit_code = cli::dlq_list(a.global, a.rows_max); });
  CLI::App* redrive = dlq->add_subcommand("redrive", "Send them in again");
  redrive->add_option("--max", a.move_max, "At most this many (all)")->check(no_sign);
  redrive->callback([&a] { a.exit_code = cli::dlq_redrive(a.global, a.move_max); });
}

void add_bench_commands(CLI::App& app, Arguments& a) {
  CLI::App* generate = app.add_subcommand("generate", "Print synthetic orders");
  generate->add_option("N", a.count, "How many")->required()->check(no_sign);
  generate->add_option("--seed", a.seed, "Same seed, same orders (1)")->check(no_sign);
  generate->add_flag("--array", a.array, "One JSON array instead of a line each");
  generate->callback([&a] { a.exit_code = cli::generate(a.count, a.seed, a.array); });
  CLI::App* bench =
      app.add_subcommand("bench", "Measure the pipeline on this machine, and beside it one by --file; prints JSON");
  bench->add_option("--orders", a.count, "How many orders (200000)")->default_val(200'000)->check(positive);
  bench->add_option("--seed", a.seed, "Seed of the orders (1)")->check(no_sign);
  bench->add_flag("--keep", a.keep, "Leave the data in the data directory");
  bench->callback([&a] { a.exit_code = cli::bench(a.global, a.count, a.seed, a.keep); });
}

void add_watch_commands(CLI::App& app, Arguments& a) {
  CLI::App* logs = app.add_subcommand("logs", "What the functions log");
  logs->add_option("FUNCTION", a.logs.function, "ingest, process, sweep or intake (all)")
      ->check(CLI::IsMember({"ingest", "process", "sweep", "intake"}));
  logs->add_option("--since", a.logs.since, "How far back: 90s, 10m, 2h, 7d (10m)");
  logs->add_option("--filter", a.logs.filter, "Only what matches: a filter pattern of CloudWatch Logs");
  CLI::Option* max =
      logs->add_option("--max", a.logs.events_max, "At most this many of each function (10000)")->check(no_sign);
  logs->add_flag("--follow", a.logs.follow, "Go on until Ctrl-C; with --json a line per event")->excludes(max);
  logs->callback([&a] { a.exit_code = cli::logs(a.global, a.logs); });
  CLI::App* metrics = app.add_subcommand("metrics", "The last hour's metrics");
  metrics->add_option("NAMESPACE", a.name_space, "Such as AWS/Lambda (those of the stack's resources)");
  metrics->callback([&a] { a.exit_code = cli::metrics(a.global, a.name_space); });
  CLI::App* cost = app.add_subcommand("cost", "What the stack costs on AWS, by what was metered of it here");
  cost->add_option("--orders-per-month", a.cost.orders_per_month, "For so many (as many as were measured)")
      ->check(no_sign)
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000'000}));
  cost->add_option("--since", a.cost.since, "How far back to measure: 12h, 30d (30d)");
  cost->callback([&a] { a.exit_code = cli::cost(a.global, a.cost); });
  CLI::App* alarms = app.add_subcommand("alarms", "The stack's alarms");
  alarms->require_subcommand(1);
  alarms->add_subcommand("list", "State, since when, and why")->callback([&a] {
    a.exit_code = cli::alarms_list(a.global);
  });
  CLI::App* drill =
      alarms->add_subcommand("drill", "Make an alarm go off and wait for its notification; harms no order");
  drill->add_option("KIND", a.drill, "error, duration (needs a quiet pipeline) or throttle")
      ->required()
      ->check(CLI::IsMember({"error", "duration", "throttle"}));
  drill->add_option("--timeout", a.timeout_seconds, "Seconds to wait (180)")->check(CLI::Range(1, 86'400));
  drill->callback([&a] { a.exit_code = cli::alarms_drill(a.global, a.drill, a.timeout_seconds); });
}

void add_function_commands(CLI::App& app, Arguments& a) {
  CLI::App* invoke = app.add_subcommand("invoke", "Call a function; the end of its log goes to stderr");
  invoke->add_option("FUNCTION", a.function, "ingest, process, sweep, intake, or any function's name")->required();
  invoke->add_option("PAYLOAD", a.payload, "JSON; - reads it from standard input ({})");
  invoke->add_flag("--event", a.event, "Do not wait for it");
  invoke->callback([&a] { a.exit_code = cli::invoke(a.global, a.function, a.payload, a.event); });
  CLI::App* init = app.add_subcommand("init", "Write a definition file, till.toml, to begin with");
  init->add_option("--preset", a.preset, "original, shopify, woocommerce, stripe, amazon or csv (original)");
  init->callback([&a] { a.exit_code = cli::init(a.global, a.preset); });
  CLI::App* check = app.add_subcommand("check", "Show what would become of each record of files, without an engine");
  check
      ->add_option("FILE", a.files, "JSON (an array, lines, objects, pages) or CSV of records; directories; - is stdin")
      ->required();
  check->callback([&a] { a.exit_code = cli::check(a.global, a.files); });
  CLI::App* config = app.add_subcommand("config", "The definition of the pipeline")->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Show every setting in force, and where each is from");
  add_up_options(*show, a);
  show->add_flag("--text", a.text_only, "The text of the definition instead");
  show->callback([&a] { a.exit_code = cli::config_show(a.global, a.up, a.text_only); });
  CLI::App* deploy = app.add_subcommand("deploy", "Give functions the code that this program carries");
  deploy->add_option("FUNCTION", a.functions, "ingest, process, sweep or intake (all)")
      ->check(CLI::IsMember({"ingest", "process", "sweep", "intake"}));
  deploy->add_option("--zip", a.zip, "This deployment package instead, for one function");
  deploy->callback([&a] { a.exit_code = cli::deploy(a.global, a.functions, a.zip); });
}

constexpr const char* kEmptyValue =
    "it is empty: give it a value or leave the option out (is a script's variable not set?)";

// An empty value is a script's variable that is not set, and what holds without the option is not what was meant:
// `--profile "$WHERE"` would work on this machine's data.
void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options())
    if (option->nonpositional() && option->get_expected_min() > 0)
      option->check([](const std::string& value) { return value.empty() ? kEmptyValue : ""; });
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) refuse_empty_values(*command);
}

// The same as `--profile=`, for which CLI11 would take the next word.
void refuse_empty_values(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return;
    if (word.starts_with("--") && word.find('=') == word.size() - 1)
      throw CLI::ValidationError(std::string(word.substr(0, word.size() - 1)), kEmptyValue);
  }
}

}  // namespace

int main(int argc, char** argv) {
  os::prepare_standard_streams();
  CLI::App app("Tillstream: a pipeline for orders on the AWS API, on one machine or on AWS.", "till");
  Arguments a;
  a.global.data_directory = default_data_directory();
  app.set_version_flag("--version", "till " + std::string(cli::kVersion));
  cli::set_help(app);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--endpoint", a.global.endpoint, "URL of an engine, or aws (AWS_ENDPOINT_URL, the definition)");
  app.add_option("--data", a.global.data_directory, "Data directory (TILL_DATA)")->each([&a](const std::string&) {
    a.global.data_directory_is_given = true;
  });
  app.add_option("--stack", a.global.stack, "Prefix of the pipeline's resources (the definition, tillstream)")
      ->check([](const std::string& name) -> std::string {
        return pipeline::is_stack_name(name)
                   ? ""
                   : "not a name of a stack: " + name + "; one is " + std::string(pipeline::kStackNames);
      });
  app.add_option("--file", a.global.file,
                 "Definition of the pipeline, or none (TILL_FILE, else till.toml if it is there)");
  app.add_option("--region", a.global.region, "Region (AWS_REGION, the definition, the profile; us-east-1 but at AWS)");
  app.add_option("--profile", a.global.profile, "Profile of the AWS CLI, whose credentials, region and endpoint count");
  app.add_flag("--json", a.global.json, "Print one JSON object");
  add_stack_commands(app, a);
  add_serve(app, a);
  add_queue_commands(app, a);
  cli::add_order_commands(app, a.global, a.exit_code);
  add_data_commands(app, a);
  add_watch_commands(app, a);
  add_function_commands(app, a);
  add_bench_commands(app, a);
  cli::add_store_commands(app, a.global, a.exit_code);
  cli::add_machine_commands(app, a.global, a.exit_code);
  refuse_empty_values(app);
  try {
    refuse_empty_values(argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    a.exit_code = cli::answer_to(app, error);
  } catch (const std::exception& error) {  // what throws here lacks a resource of the machine
    cli::print_error(std::string("the command cannot go on: ") + error.what());
    return cli::kFailed;
  }
  // Who has gone has seen enough: `till orders list | head`.
  if (cli::output_is_lost() && !os::output_reader_is_gone()) {
    cli::print_error("the output cannot be written: its disk is full, or it is closed");
    if (a.exit_code == cli::kOk || a.exit_code == cli::kCheckFailed) return cli::kFailed;
  }
  return a.exit_code;
}
