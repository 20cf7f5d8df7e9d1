#include "cli/examples.h"

#include <algorithm>
#include <array>

namespace cli {
namespace {

constexpr bool kDetail = false;  // not for the overview

constexpr auto kExamples = std::to_array<Example>({
    {"till run orders.json", "make the pipeline, send the file through it, show what became of each order"},
    {"till run orders.json --json", "the same as one JSON object"},
    {"till run --max-rejected 5 orders.json", "exit code 3 if more than five of its orders are refused", kDetail},
    {"gzip -dc orders.gz | till ingest -", "the same of standard input, for a pipeline that is up"},
    {"till ingest --watch inbox", "take each file of a directory when it is finished, until Ctrl-C"},
    {"till serve", "the engine on http://127.0.0.1:4566, for boto3, the AWS CLI and the SDKs"},
    {"till serve --memory --port 0", "one that keeps nothing, on a free port that its first line names", kDetail},
    {"till serve --clock virtual --memory", "one whose time stands still until POST /_till/clock/advance", kDetail},
    {"till serve --like-aws=7 --memory", "one that behaves as AWS legally may, by a seed", kDetail},
    {"till plan", "what `till up` would make or change; exit code 3 if that is anything"},
    {"till up --email me@example.com", "make the pipeline's resources; large orders and alarms go to an address"},
    {"till up --webhook https://example.com/hook", "or to a URL"},
    {"till up --threshold 1000", "orders above 1000 are notified", kDetail},
    {"till status", "what is there, and what waits in the queues"},
    {"till status --json", "the same as one JSON object", kDetail},
    {R"(till send '{"transaction_id": "a1", "amount": 60000, "item": "boat"}')", "one order onto the queue"},
    {"till receive --queue tillstream-orders-dlq --max 1", "look at a message of another queue", kDetail},
    {"till delete AQEB...", "a message by the receipt that `till receive` shows", kDetail},
    {"till orders get a1", "the stored order"},
    {"till orders list --sort amount --desc --limit 10", "the ten largest"},
    {"till orders list --since 7d --currency EUR --json", "those of a week in euros, as JSON", kDetail},
    {"till orders export --since 7d --output week.csv", "orders as CSV or a JSON object a line"},
    {"till orders report --chart", "orders, value and refunds per day and currency, as a table and as bars"},
    {"till quarantine list", "the rejected orders"},
    {"till quarantine show ID", "one, with what is wrong with it"},
    {"till quarantine fix ID --set /amount=12.50", "mend one and send it"},
    {"till quarantine replay --all", "send them as they are, by a new definition"},
    {"till quarantine replay --reason CURRENCY --dry-run", "only show what would become of some", kDetail},
    {"till quarantine discard ID --yes", "give one up without being asked", kDetail},
    {"till uploads list", "files that came in, and why one could not be read"},
    {"till uploads show ID", "what became of the orders of one"},
    {"till orders clear", "delete every order and every rejected one"},
    {"till tx get a1", "the older word for `till orders get`", kDetail},
    {"till tx clear --yes", "the older word for `till orders clear`", kDetail},
    {"till tx list --quarantine", "the older words for `till quarantine list`", kDetail},
    {"till logs process --since 1h", "what the process function logged"},
    {"till logs --follow", "what all functions log from now on"},
    {"till logs --filter ERROR --since 1d", "only what matches a filter pattern of CloudWatch Logs", kDetail},
    {"till metrics", "the last hour's metrics of the stack"},
    {"till metrics Tillstream", "what became of orders"},
    {"till cost --orders-per-month 100000", "what AWS would charge for them, by what orders have used here"},
    {"till alarms list", "each alarm's state"},
    {"till alarms drill error", "make one go off, see its notification arrive"},
    {"till dlq list", "orders that were given up"},
    {"till dlq redrive", "send them in again"},
    {R"(till invoke process '{"Records": []}')", "call a function; its log goes to stderr"},
    {"till deploy process --zip my.zip", "give a function other code"},
    {"till deploy", "give all the code that this program carries"},
    {"till config show", "every setting in force, and where it is from"},
    {"till init --preset shopify", "write till.toml, which says how a shop's records become orders"},
    {"till check orders.json", "what would become of each record by the definition in till.toml, without an engine"},
    {"till generate 1000 > orders.ndjson", "synthetic orders, the same for the same --seed"},
    {"till bench --orders 1000", "how fast the pipeline is on this machine", kDetail},
    {"till export sam --output deploy", "the pipeline as a template and packages for SAM, CloudFormation or Terraform"},
    {"till export deployer-policy", "what whoever runs up, run and down on AWS has to be allowed", kDetail},
    {"till down", "remove every resource and prove it; asks first, unless --yes"},
    {"till down --yes", "the same without being asked", kDetail},
    {"till down --keep-data", "leave the tables and the bucket, which the next up takes back", kDetail},
    {"till backup /mnt/backups --keep 30", "a verified backup of the data, also while an engine uses them"},
    {"till restore /mnt/backups --data restored", "make a data directory of the newest backup"},
    {"till restore /mnt/backups --list", "which backups there are", kDetail},
    {"till restore /mnt/backups --at 2026-01-02T03:00:00Z --data restored", "the newest of that time", kDetail},
    {"till verify", "read all data against their checksums; exit code 1 and a line for each fault"},
    {"till verify --backup /mnt/backups", "the same for all backups", kDetail},
    {"till compact", "give back the room of what was deleted", kDetail},
    {"till doctor", "what on this machine stands in the way, and what to do about it"},
    {"till doctor --json", "the same as one JSON object", kDetail},
    {"till help alarms drill", "how to use one command"},
    {"till completion bash > ~/.local/share/bash-completion/completions/till",
     "let the shell complete commands (mkdir -p that directory before)"},
    {"source <(till completion bash)", "in this shell only", kDetail},
    {"till completion zsh > \"${fpath[1]}/_till\"", "zsh, in a directory of its fpath", kDetail},
    {"till completion fish > ~/.config/fish/completions/till.fish", "fish", kDetail},
    {"till man run > till-run.1", "a manual page, for man -l", kDetail},
    {"till man --directory share/man/man1", "all of them", kDetail},
});

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

std::span<const Example> examples() {
  return kExamples;
}

std::string example_command(const Example& example) {
  constexpr std::string_view kProgram = "till ";
  std::string_view rest = example.line;
  rest.remove_prefix(std::min(rest.find(kProgram) + kProgram.size(), rest.size()));
  std::string command;
  for (int words = 0; words < 2; ++words) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (!is_word(word)) break;
    command += (command.empty() ? "" : " ") + std::string(word);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return command;
}

std::string example_text(std::string_view command) {
  constexpr std::size_t kColumn = 52;
  std::string text;
  for (const Example& example : kExamples) {
    const std::string of = example_command(example) + " ";
    if (command.empty() ? !example.overview : !of.starts_with(std::string(command) + " ")) continue;
    std::string line = "  " + std::string(example.line);
    line += line.size() + 2 > kColumn ? "\n" + std::string(kColumn, ' ') : std::string(kColumn - line.size(), ' ');
    text += line + std::string(example.words) + "\n";
  }
  return text;
}

}  // namespace cli
