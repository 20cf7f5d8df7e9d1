// Reading the rows of a table, with the conditions that the service itself looks at. Values; used from one thread.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "aws/dynamodb/shapes.h"
#include "base/result.h"
#include "pipeline/rows.h"
#include "pipeline/stack_resource.h"

namespace cli {

// Puts a filter expression together.
class RowFilter {
 public:
  // What stands for an attribute and for a value in a condition: "#0", ":0".
  std::string name(std::string_view attribute);
  std::string value(aws::dynamodb::AttributeValue value);
  // All conditions have to hold.
  void require(std::string_view condition);
  // attribute <comparison> value: "=", ">=", "<", ...
  void compare(std::string_view attribute, std::string_view comparison, aws::dynamodb::AttributeValue value);
  // function(attribute, value): begins_with, contains.
  void call(std::string_view function, std::string_view attribute, std::string_view value);
  // The row's `source` is of that upload.
  void require_upload(std::string_view upload_id);

  [[nodiscard]] aws::dynamodb::ScanInput scan(const std::string& table) const;
  // The same for these attributes only, so that no others (a raw record) travel.
  aws::dynamodb::ScanInput scan(const std::string& table, std::span<const std::string_view> attributes);

 private:
  std::string expression_;
  aws::Map<std::string> names_;
  aws::Map<aws::dynamodb::AttributeValue> values_;
};

// Calls `each` with every row that the scan finds, a page at a time, until it answers false or fails.
base::Result<void> for_each_row(const pipeline::Site& site, aws::dynamodb::ScanInput scan,
                                const std::function<base::Result<bool>(pipeline::Item&)>& each);

// What --since or --until (`option`) says, as attributes have times. The error is for people.
std::expected<aws::dynamodb::AttributeValue, std::string> moment_value(std::string_view option, std::string_view text,
                                                                       base::Timestamp now);

}  // namespace cli
