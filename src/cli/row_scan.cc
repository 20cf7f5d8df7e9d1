#include "cli/row_scan.h"

#include <fmt/format.h>

#include "aws/dynamodb/dynamodb.h"
#include "cli/time_text.h"

namespace cli {

using aws::dynamodb::AttributeValue;

std::string RowFilter::name(std::string_view attribute) {
  for (const auto& [name, stands_for] : names_)
    if (stands_for == attribute) return name;
  std::string name = fmt::format("#{}", names_.size());
  names_[name] = attribute;
  return name;
}

std::string RowFilter::value(AttributeValue value) {
  std::string name = fmt::format(":{}", values_.size());
  values_[name] = std::move(value);
  return name;
}

void RowFilter::require(std::string_view condition) {
  expression_ += fmt::format("{}({})", expression_.empty() ? "" : " AND ", condition);
}

void RowFilter::compare(std::string_view attribute, std::string_view comparison, AttributeValue with) {
  require(fmt::format("{} {} {}", name(attribute), comparison, value(std::move(with))));
}

void RowFilter::call(std::string_view function, std::string_view attribute, std::string_view with) {
  require(fmt::format("{}({}, {})", function, name(attribute), value(pipeline::text(with))));
}

void RowFilter::require_upload(std::string_view upload_id) {
  call("begins_with", pipeline::orders::kSource, std::string(upload_id) + "#");
}

aws::dynamodb::ScanInput RowFilter::scan(const std::string& table) const {
  aws::dynamodb::ScanInput out;
  out.table_name = table;
  if (!expression_.empty()) out.filter_expression = expression_;
  if (!names_.empty()) out.expression_attribute_names = names_;
  if (!values_.empty()) out.expression_attribute_values = values_;
  return out;
}

aws::dynamodb::ScanInput RowFilter::scan(const std::string& table, std::span<const std::string_view> attributes) {
  std::string projection;
  for (const std::string_view attribute : attributes) projection += (projection.empty() ? "" : ", ") + name(attribute);
  aws::dynamodb::ScanInput out = scan(table);
  out.projection_expression = projection;
  return out;
}

base::Result<void> for_each_row(const pipeline::Site& site, aws::dynamodb::ScanInput scan,
                                const std::function<base::Result<bool>(pipeline::Item&)>& each) {
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(auto page, site.services.dynamodb.scan(context, scan));
    for (pipeline::Item& row : page.items.value_or(std::vector<pipeline::Item>())) {
      TRY_ASSIGN(const bool more, each(row));
      if (!more) return {};
    }
    if (!page.last_evaluated_key.has_value()) return {};
    scan.exclusive_start_key = std::move(page.last_evaluated_key);
  }
}

std::expected<AttributeValue, std::string> moment_value(std::string_view option, std::string_view text,
                                                        base::Timestamp now) {
  const auto moment = parse_moment(text, now);
  if (moment.has_value()) return pipeline::number(base::to_epoch_milliseconds(*moment));
  return std::unexpected(
      fmt::format("{}: not a time like 2h, 7d, 2024-01-02, 2024-01-02T15:04 (local time) or 2024-01-02T15:04:05Z: {}",
                  option, text));
}

}  // namespace cli
