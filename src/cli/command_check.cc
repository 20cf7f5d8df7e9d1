// till init, till check.
#include <fmt/format.h>

#include <fstream>
#include <map>

#include "cli/commands.h"
#include "cli/definition_file.h"
#include "cli/exit_code.h"
#include "cli/file_run.h"
#include "cli/input_files.h"
#include "cli/output.h"
#include "cli/presets.h"
#include "os/data_directory.h"
#include "pipeline/document_reader.h"
#include "pipeline/message_fit.h"
#include "pipeline/transaction.h"

namespace cli {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

// What would become of the records of a file, but for those whose id is taken.
struct Checked {
  struct Refused {
    uint64_t count = 0;
    uint64_t index = 0;  // of the first
    std::string message;
    std::string record;
  };
  uint64_t read = 0;
  uint64_t orders = 0;
  uint64_t refunds = 0;
  std::map<std::string, Refused> refused;  // by reason
  std::string error;                       // why the document cannot be read on
  std::string found_records;               // where they stand, if nobody has said it
};

void look_at(const pipeline::TransactionReader& reader, const pipeline::RecordSplitter::Order& record,
             Checked& checked) {
  constexpr std::size_t kRecordShown = 500;
  ++checked.read;
  auto order = reader.read(record.text);
  if (auto unfit = pipeline::unfit_for_queue(record)) order = std::unexpected(std::move(*unfit));
  if (order.has_value()) {
    ++(order->is_refund ? checked.refunds : checked.orders);
    return;
  }
  Checked::Refused& refused = checked.refused[std::string(order.error().reason)];
  if (refused.count++ > 0) return;
  refused.index = record.index;
  refused.message = order.error().message;
  refused.record = record.text.substr(0, kRecordShown) + (record.text.size() > kRecordShown ? "..." : "");
}

Checked check_file(const pipeline::Definition& definition, const std::string& path) {
  const pipeline::TransactionReader reader(definition.mapping);
  Checked checked;
  pipeline::DocumentReader document(definition.documents);
  std::ifstream in(path, std::ios::binary);
  std::string piece;
  do {
    piece.resize(kPieceBytes);
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
    document.feed(piece);
    if (piece.empty()) document.finish();
    while (const auto record = document.next()) look_at(reader, *record, checked);
  } while (!piece.empty() && document.error().empty());
  checked.found_records = document.found_records();
  checked.error = in.bad() || !in.is_open() ? "cannot be read" : document.error();
  return checked;
}

std::string json_of(const std::string& file, const Checked& checked) {
  std::string refused;
  for (const auto& [why, one] : checked.refused)
    refused += fmt::format("{}{}:{{\"count\":{},\"first\":{{\"index\":{},\"message\":{},\"record\":{}}}}}",
                           refused.empty() ? "" : ",", json_text(why), one.count, one.index, json_text(one.message),
                           json_text(one.record));
  return fmt::format(
      "{{\"file\":{},\"read\":{},\"orders\":{},\"refunds\":{},\"refused\":{{{}}},\"found_records\":{},\"error\":{}}}",
      json_text(file), checked.read, checked.orders, checked.refunds, refused,
      checked.found_records.empty() ? "null" : json_text(checked.found_records),
      checked.error.empty() ? "null" : json_text(checked.error));
}

void print(const std::string& file, const Checked& checked) {
  print_line(fmt::format("{}: {} records, {} orders, {} refunds", file, checked.read, checked.orders, checked.refunds));
  if (!checked.found_records.empty())
    print_line(fmt::format(
        "  the records are taken from the array {0} of each object; `records = \"{0}\"` in [orders] says so",
        checked.found_records));
  for (const auto& [why, one] : checked.refused) {
    print_line(fmt::format("  {:<20} {}; the first, record {}: {}", why, one.count, one.index, one.message));
    print_line("    " + one.record);
  }
}

}  // namespace

int init(const GlobalOptions& global, const std::string& name) {
  const auto text = preset(name);
  if (!text.has_value()) {
    std::string known;
    for (const std::string_view one : preset_names()) known += fmt::format("{}{}", known.empty() ? "" : ", ", one);
    print_error(fmt::format("--preset: there is no \"{}\"; there are {}", name, known));
    return kUsage;
  }
  if (global.file == kNoDefinition) {
    print_error(fmt::format("--file {} means that there shall be no definition; name another file", kNoDefinition));
    return kUsage;
  }
  const std::string path = global.file.empty() ? std::string(pipeline::kDefinitionName) : global.file;
  if (const auto made = os::make_file(path, *text); !made.has_value()) {
    print_error(made.error());
    return kFailed;
  }
  print_line(global.json ? fmt::format("{{\"file\":{}}}", json_text(path))
                         : fmt::format("{} is made; try it with `till check FILE`", path));
  return kOk;
}

int check(const GlobalOptions& global, const std::vector<std::string>& files) {
  const auto loaded = load_definition(global.file);
  if (!loaded.has_value()) {
    print_error(loaded.error());
    return kUsage;
  }
  const pipeline::Definition definition = loaded->has_value() ? (*loaded)->definition : pipeline::Definition();
  auto inputs = input_files(files);
  if (!inputs.has_value()) return tell_failure("", inputs.error());
  if (const auto read = read_standard_input(*inputs); !read.has_value()) return tell_failure("", read.error());
  std::string list;
  int exit_code = kOk;
  for (const InputFile& file : inputs->files) {
    const Checked checked = check_file(definition, file.path);
    if (global.json) {
      list += (list.empty() ? "" : ",") + json_of(file.name, checked);
    } else {
      print(file.name, checked);
    }
    if (!checked.error.empty()) print_error(file.name + ": " + checked.error);
    if (!checked.error.empty() || !checked.refused.empty()) exit_code = kCheckFailed;
  }
  if (global.json) print_line("{\"files\":[" + list + "]}");
  return exit_code;
}

}  // namespace cli
