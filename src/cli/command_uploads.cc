// till uploads list, till uploads show.
#include <fmt/format.h>

#include <algorithm>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/row_scan.h"
#include "cli/tally_text.h"
#include "pipeline/accounting.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

namespace uploads = pipeline::uploads;

constexpr int64_t kPieceBytes = 1 << 20;

base::Timestamp uploaded_at(const pipeline::Item& row) {
  return base::from_epoch_milliseconds(pipeline::number_of(row, uploads::kUploadedAt).value_or(0));
}

// Without the rows of runs that have not reported (run_record.h). The newest first.
base::Result<std::vector<pipeline::Item>> rows_of(const pipeline::Site& site, const std::string& table) {
  std::vector<pipeline::Item> rows;
  TRY(for_each_row(site, RowFilter().scan(table), [&](pipeline::Item& row) -> base::Result<bool> {
    if (!pipeline::text_of(row, uploads::kUploadId).starts_with(uploads::kRunPrefix)) rows.push_back(std::move(row));
    return true;
  }));
  std::ranges::stable_sort(rows, std::greater(), uploaded_at);
  return rows;
}

std::string members_of(const pipeline::Item& row) {
  const std::string_view error = pipeline::text_of(row, uploads::kError);
  return fmt::format("\"upload_id\":{},\"state\":{},\"uploaded_at\":{},\"bucket\":{},\"key\":{},\"error\":{}",
                     json_text(pipeline::text_of(row, uploads::kUploadId)),
                     json_text(pipeline::text_of(row, uploads::kState)), json_time(uploaded_at(row)),
                     json_text(pipeline::text_of(row, uploads::kBucket)),
                     json_text(pipeline::text_of(row, uploads::kKey)), error.empty() ? "null" : json_text(error));
}

void print_row(const pipeline::Item& row) {
  print_line(fmt::format("{}  {:<7} {:>9}  {}  {}", base::format_iso8601_seconds(uploaded_at(row)),
                         pipeline::text_of(row, uploads::kState), pipeline::text_of(row, uploads::kRead),
                         pipeline::text_of(row, uploads::kUploadId), pipeline::text_of(row, uploads::kKey)));
  if (const std::string_view error = pipeline::text_of(row, uploads::kError); !error.empty())
    print_line(fmt::format("    {}", error));
}

// What became of the orders of the upload, whose document is read from the bucket once more.
base::Result<pipeline::Tally> count(Session& session, const pipeline::Item& row) {
  const pipeline::Site& site = session.stack().site();
  const pipeline::PipelineConfig config = session.stack().config();
  pipeline::Accounting accounting(site.services.dynamodb, session.env(), config, session.definition());
  aws::s3::GetObjectRequest get;
  get.bucket = pipeline::text_of(row, uploads::kBucket);
  get.key = pipeline::text_of(row, uploads::kKey);
  base::Result<void> read;
  int64_t offset = 0;
  auto tally =
      accounting.count(pipeline::text_of(row, uploads::kUploadId), {}, uploaded_at(row), [&](std::string& out) {
        get.range = fmt::format("bytes={}-{}", offset, offset + kPieceBytes - 1);
        aws::Context context = site.call();
        auto got = site.services.s3.get_object(context, get);
        const bool at_end = !got.has_value() && got.error().code == "InvalidRange";
        if (!got.has_value() && !at_end) read = base::fail(got.error());
        if (!got.has_value() || !got->body.has_value()) return;
        out = got->body->take();
        offset += static_cast<int64_t>(out.size());
      });
  TRY(read);
  return tally;
}

}  // namespace

int uploads_list(const GlobalOptions& global, bool failed_only) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const std::string table = session->stack().config().uploads_table;
  auto rows = rows_of(session->stack().site(), table);
  if (!rows.has_value()) return print_failure_of("table", table, rows.error());
  if (failed_only)
    std::erase_if(*rows, [](const auto& row) { return pipeline::text_of(row, uploads::kState) != uploads::kFailed; });
  std::string list;
  for (const pipeline::Item& row : *rows) {
    const auto read = pipeline::number_of(row, uploads::kRead).value_or(0);
    if (global.json)
      list += fmt::format("{}{{{},\"read\":{}}}", list.empty() ? "" : ",", members_of(row), read);
    else
      print_row(row);
  }
  if (global.json) print_line("{\"uploads\":[" + list + "]}");
  return kOk;
}

int uploads_show(const GlobalOptions& global, const std::string& id) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const std::string table = session->stack().config().uploads_table;
  aws::dynamodb::GetItemInput get;
  get.table_name = table;
  get.key.emplace()[uploads::kUploadId] = pipeline::text(id);
  get.consistent_read = true;
  aws::Context context = session->stack().site().call();
  const auto got = session->services().dynamodb.get_item(context, std::move(get));
  if (!got.has_value()) return print_failure_of("table", table, got.error());
  if (!got->item.has_value()) {
    print_error("there is no upload " + id + "; `till uploads list` shows which there are");
    return kFailed;
  }
  const auto tally = count(*session, *got->item);
  if (!tally.has_value()) return print_failure_of("upload", id, tally.error());
  if (global.json) {
    print_line(fmt::format("{{{},{}}}", members_of(*got->item), tally_json(*tally)));
  } else {
    print_row(*got->item);
    print_tally(*tally);
  }
  const bool whole = pipeline::text_of(*got->item, uploads::kState) == uploads::kDone && tally->missing == 0;
  return whole ? kOk : kCheckFailed;
}

}  // namespace cli
