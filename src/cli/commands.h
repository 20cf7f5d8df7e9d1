// The commands of `till`, one function each. Each prints for people on stdout (progress and errors on stderr) or, with
// --json, one object, and answers the exit code. main.cc maps the command line to them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/session.h"

namespace cli {

struct ServeOptions {
  uint16_t port = kServePort;
  bool in_memory = false;
  bool accept_data_loss = false;
  bool lenient = false;
  std::string clock = "system";  // or "virtual"
  std::string throttle = "on";   // or "off"
  std::string listen = "127.0.0.1";
  std::vector<std::string> hosts;
  bool any_key = false;
  std::string like_aws;  // a seed, or kDrawnSeed; empty: AWS's behaviour without its troubles
  int64_t clock_skew_seconds = 0;
  std::vector<std::string> like_aws_rates;  // SERVICE=CALLS_PER_SECOND
  bool open_metrics = false;                // for other machines, too
  std::string log;                          // a level; empty: TILL_LOG's, or warn
  std::string log_format;                   // text or json; empty: TILL_LOG_FORMAT's, or text
  std::string root_key;   // a file with root's key, made if it is not there; empty: the environment's, or test/test
  std::string backup_to;  // a directory of backups that gets one each day; empty: none is made
  std::size_t backup_keep = 30;  // so many of the newest stay there
};
int serve(const GlobalOptions& global, const ServeOptions& options);
inline constexpr std::string_view kDrawnSeed = "drawn";
// Whether this is a number of 64 bits.
bool is_like_aws_seed(const std::string& text);
// "iam=2": the service's id and calls per second (> 0); nullopt if it is not that.
std::optional<std::pair<std::string, double>> parse_like_aws_rate(const std::string& text);

struct UpOptions {
  std::string threshold;  // empty: the default, or what the stack has
  std::vector<std::string> emails;
  std::vector<std::string> webhooks;
  bool replace = false;       // resources that hold data may be replaced
  bool replace_code = false;  // so may code that was deployed by hand
};
// What is wrong with the options and the definition, before anything is opened or made for them: kUsage, and the user
// is told.
int check_up(const GlobalOptions& global, const UpOptions& options);
// Puts the options into the session's stack; kUsage if one is malformed.
int apply(const UpOptions& options, Session& session);
// Makes the session's stack what it should be, if that loses no data or options.replace allows it. `before` gets the
// plan before anything is done. A failure is told to the user, and is the exit code.
int make_stack(Session& session, const UpOptions& options, const std::function<void(const pipeline::Plan&)>& before,
               const pipeline::Stack::Report& report);
// What up() would do; kCheckFailed if that is anything at all.
int plan(const GlobalOptions& global, const UpOptions& options);
// Prints the plan and carries it out.
int up(const GlobalOptions& global, const UpOptions& options);
// Removes the stack, with `keep_data` all but its tables and its bucket; unless `yes` it shows what would be lost and
// asks on the terminal, without which it is kUsage.
int down(const GlobalOptions& global, bool yes, bool keep_data);
int status(const GlobalOptions& global);

struct RunOptions {
  std::vector<std::string> files;      // and directories, whose files are meant; `-` is standard input
  std::string watch;                   // a directory, instead: its files as they are finished, until a signal
  uint64_t rejected_max = UINT64_MAX;  // of a file; more are kCheckFailed, and so is a file of which all were
};
// Makes the stack if it is not there, then does what ingest() does.
int run(const GlobalOptions& global, const UpOptions& up, const RunOptions& options);
// Uploads each file and follows it until every order is accounted for.
int ingest(const GlobalOptions& global, const RunOptions& options);

// `queue` is a URL, a queue's name, or empty for the stack's orders queue.
int send(const GlobalOptions& global, const std::string& queue, const std::string& text);
int receive(const GlobalOptions& global, const std::string& queue, int messages_max, int wait_seconds);
int delete_message(const GlobalOptions& global, const std::string& queue, const std::string& receipt_handle);

// The documents that came into the bucket, the newest first, with their states and what is wrong with them.
int uploads_list(const GlobalOptions& global, bool failed_only);
// One of them and what became of its orders, whoever has uploaded it; kCheckFailed if it failed or orders are missing.
int uploads_show(const GlobalOptions& global, const std::string& id);

int alarms_list(const GlobalOptions& global);
// Makes an alarm of the stack go off for real and waits for its notification; kCheckFailed if it does not come within
// `timeout_seconds` of the services' time. `kind` is error, duration or throttle.
int alarms_drill(const GlobalOptions& global, const std::string& kind, int timeout_seconds);

struct LogsOptions {
  std::string function;       // ingest, process, sweep; empty: all three
  std::string since = "10m";  // a number and s, m, h or d
  std::string filter;         // CloudWatch Logs' filter pattern
  uint64_t events_max = 10'000;
  bool follow = false;
};
int logs(const GlobalOptions& global, const LogsOptions& options);
// Each metric of the last hour: all of `name_space`, or, if it is empty, those of the stack's resources.
int metrics(const GlobalOptions& global, const std::string& name_space);

// `function` is one of the stack's (ingest, process, sweep) or any function's name.
int invoke(const GlobalOptions& global, const std::string& function, const std::string& payload, bool event);
// Gives functions of the stack (none named: all) the code that this program carries, or `zip_file` to the one named.
int deploy(const GlobalOptions& global, const std::vector<std::string>& functions, const std::string& zip_file);

int dlq_list(const GlobalOptions& global, uint64_t messages_max);
// Sends messages of the dead-letter queue back to the orders queue: all, or at most `messages_max`.
int dlq_redrive(const GlobalOptions& global, std::optional<uint64_t> messages_max);

// Writes a definition file to begin with, to --file or till.toml; kFailed if there is one.
int init(const GlobalOptions& global, const std::string& preset);
// What would become of the records of these files, without an engine; kCheckFailed if any would be refused.
int check(const GlobalOptions& global, const std::vector<std::string>& files);
// What is in force of what a definition can say, and where each value is from; with `text` the definition as it is.
// `up` are the flags that count as for up().
int config_show(const GlobalOptions& global, const UpOptions& up, bool text);

int generate(uint64_t orders, uint64_t seed, bool array);

struct TemplateOptions {
  std::string kind;       // cloudformation, sam, terraform or deployer-policy
  std::string directory;  // gets the template and the functions' packages; empty: the template goes to stdout
};
// Writes the stack down for other tools, without an engine.
int template_export(const GlobalOptions& global, const UpOptions& up, const TemplateOptions& options);

struct CostOptions {
  std::optional<uint64_t> orders_per_month;  // up to 10^12; none: as many as were measured
  std::string since = "30d";                 // a number and s, m, h or d
};
// What the stack costs on AWS, by what was metered of it here.
int cost(const GlobalOptions& global, const CostOptions& options);

// In an engine of its own, in a new directory below the data directory; with global.file also by that definition.
int bench(const GlobalOptions& global, uint64_t orders, uint64_t seed, bool keep_data);

}  // namespace cli
