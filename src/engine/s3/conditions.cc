#include "engine/s3/conditions.h"

#include <algorithm>
#include <charconv>

#include "aws/s3/errors.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool parse_number(std::string_view text, uint64_t& out) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return false;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc()) out = UINT64_MAX;
  return true;
}

base::AwsError invalid_range(std::string_view range, uint64_t size) {
  auto error = errors::invalid_range("The requested range is not satisfiable");
  error.fields = {{"RangeRequested", std::string(range)}, {"ActualObjectSize", std::to_string(size)}};
  return error;
}

base::AwsError not_modified(const ObjectRecord& object) {
  auto error = errors::not_modified("Not Modified");
  error.fields = {{"ETag", object.quoted_etag()}, {"Last-Modified", base::format_http_date(object.modified_at)}};
  return error;
}

}  // namespace

base::Result<std::optional<ByteRange>> parse_range(std::string_view range, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return std::nullopt;
  const std::string_view spec = trim(range.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = trim(spec.substr(0, dash));
  const std::string_view last = trim(spec.substr(dash + 1));
  uint64_t begin = 0;
  uint64_t end = 0;
  if (first.empty()) {
    if (!parse_number(last, end)) return std::nullopt;
    if (end == 0 || size == 0) return base::fail(invalid_range(range, size));
    return ByteRange{size - std::min(end, size), size};
  }
  if (!parse_number(first, begin) || (!last.empty() && !parse_number(last, end))) return std::nullopt;
  if (!last.empty() && end < begin) return std::nullopt;
  if (begin >= size) return base::fail(invalid_range(range, size));
  return ByteRange{begin, last.empty() ? size : std::min(end, size - 1) + 1};
}

base::Result<ByteRange> range_of_part(const ObjectRecord& object, int32_t part_number) {
  const auto count = static_cast<int32_t>(object.is_multipart() ? object.segments.size() : 1);
  if (part_number < 1 || part_number > count) {
    auto error = errors::invalid_part_number("The requested partnumber is not satisfiable");
    error.fields = {{"ActualPartCount", std::to_string(count)}, {"PartNumberRequested", std::to_string(part_number)}};
    return base::fail(std::move(error));
  }
  if (!object.is_multipart()) return ByteRange{0, object.size};
  ByteRange range;
  for (int32_t i = 0; i < part_number; ++i) {
    range.begin = range.end;
    range.end += object.segments[static_cast<std::size_t>(i)].size;
  }
  return range;
}

bool etag_listed(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string_view item = trim(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item.size() >= 2 && item.starts_with('"') && item.ends_with('"')) item = item.substr(1, item.size() - 2);
    if (item == etag) return true;
  }
  return false;
}

base::AwsError precondition_failed(std::string_view condition) {
  auto error = errors::precondition_failed("At least one of the pre-conditions you specified did not hold");
  error.fields = {{"Condition", std::string(condition)}};
  return error;
}

// RFC 9110 13.2.2: an entity tag, if there is one, decides instead of the date.
base::Result<void> check_read(const ReadConditions& conditions, const ObjectRecord& object, base::Timestamp now,
                              bool copy_source) {
  const auto failed = [&](std::string_view name) {
    return base::fail(precondition_failed((copy_source ? "x-amz-copy-source-" : "") + std::string(name)));
  };
  if (conditions.if_match) {
    if (!etag_listed(*conditions.if_match, object.etag)) return failed("If-Match");
  } else if (conditions.if_unmodified_since && object.modified_at > *conditions.if_unmodified_since) {
    return failed("If-Unmodified-Since");
  }
  if (conditions.if_none_match) {
    if (!etag_listed(*conditions.if_none_match, object.etag)) return {};
    if (copy_source) return failed("If-None-Match");
    return base::fail(not_modified(object));
  }
  const auto& since = conditions.if_modified_since;
  if (!since || *since > now || object.modified_at > *since) return {};
  if (copy_source) return failed("If-Modified-Since");
  return base::fail(not_modified(object));
}

base::Result<void> check_write(const std::optional<std::string>& if_match,
                               const std::optional<std::string>& if_none_match,
                               const std::optional<ObjectRecord>& current, std::string_view key) {
  if (if_none_match && (if_match || *if_none_match != "*")) {
    auto error = errors::not_implemented("A header you provided implies functionality that is not implemented");
    error.fields = {
        {"Header", if_match ? "If-Match,If-None-Match" : "If-None-Match"},
        {"additionalMessage", if_match ? "Multiple conditional request headers present in the request"
                                       : "We don't accept the provided value of If-None-Match header for this API"}};
    return base::fail(std::move(error));
  }
  if (if_none_match && current) return base::fail(precondition_failed("If-None-Match"));
  if (!if_match) return {};
  if (!current) {
    auto error = errors::no_such_key("The specified key does not exist.");
    error.fields = {{"Key", std::string(key)}};
    return base::fail(std::move(error));
  }
  if (!etag_listed(*if_match, current->etag)) return base::fail(precondition_failed("If-Match"));
  return {};
}

}  // namespace engine::s3
