#include "aws/codec/uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/codec/absent_operations.h"
#include "aws/codec/scalar_text.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

// Query keys that select another operation than the plain one on S3, whether that operation is generated or not.
constexpr auto kSubResources = std::to_array<std::string_view>({
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "append",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
});
// Headers that do the same.
constexpr auto kSelectingHeaders = std::to_array<std::string_view>({"x-amz-copy-source", "x-amz-rename-source"});

bool is_sub_resource(std::string_view name) {
  return std::ranges::find(kSubResources, name) != kSubResources.end();
}

std::span<const MemberDesc> input_members(const OperationDesc& operation) {
  return operation.input != nullptr ? operation.input->members : std::span<const MemberDesc>();
}

bool binds(const OperationDesc& operation, Location location, std::string_view name) {
  return std::ranges::any_of(input_members(operation), [&](const MemberDesc& member) {
    return member.location == location && http::equal_ignoring_case(member.wire(), name);
  });
}

std::string_view take_until(std::string_view& text, char stop) {
  const std::size_t end = text.find(stop);
  const std::string_view taken = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return taken;
}

base::AwsError make(std::string code, std::string message, int status) {
  base::AwsError error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.http_status = status;
  error.fault = status < 500 || status == 501 ? base::Fault::sender : base::Fault::receiver;
  return error;
}

base::AwsError broken_uri(std::string_view path) {
  base::AwsError error = make("InvalidURI", "Couldn't parse the specified URI.", 400);
  error.fields.emplace_back("URI", path);
  return error;
}

base::AwsError not_implemented(std::string_view what, std::string_view operation = {}) {
  std::string text = fmt::format("A parameter you provided implies functionality that is not implemented: {}", what);
  if (!operation.empty()) text += fmt::format(" ({})", operation);
  return make("NotImplemented", std::move(text), 501);
}

// "/bucket/key" and not "/bucket/".
bool names_object(std::string_view path) {
  const std::size_t slash = path.find('/', 1);
  return slash != std::string_view::npos && slash + 1 < path.size();
}

bool is_checksum(std::string_view lower_name) {
  return lower_name.starts_with("x-amz-checksum-") || lower_name == "x-amz-sdk-checksum-algorithm";
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

std::optional<std::vector<Parameter>> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    if (value.empty()) continue;
    auto name = base::percent_decode(take_until(value, '='), true);
    auto decoded = base::percent_decode(value, true);
    if (!name || !decoded || !base::is_utf8(*name) || !base::is_utf8(*decoded)) return std::nullopt;
    if (parameters.size() == kParametersMax) return std::nullopt;
    parameters.push_back({*std::move(name), *std::move(decoded)});
  }
  return parameters;
}

const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
  for (const Parameter& parameter : parameters)
    if (parameter.name == name) return &parameter.value;
  return nullptr;
}

bool stands_for_header(const Parameter& parameter, const std::vector<Parameter>& parameters) {
  const std::string name = lower(parameter.name);
  if (!name.starts_with("x-amz-")) return false;
  if (!is_checksum(name) || find_parameter(parameters, "AWSAccessKeyId") != nullptr) return true;
  const std::string* signed_headers = find_parameter(parameters, "X-Amz-SignedHeaders");
  return signed_headers != nullptr &&
         fmt::format(";{};", *signed_headers).find(fmt::format(";{};", name)) != std::string::npos;
}

// One request while it is matched.
struct UriMatcher::Call {
  std::string_view method;
  std::string_view path;
  const std::vector<Parameter>& parameters;
  const http::Headers& headers;

  // A presigned S3 URL may carry headers in its query.
  [[nodiscard]] bool has_header(std::string_view name) const {
    return headers.contains(name) || std::ranges::any_of(parameters, [&](const Parameter& p) {
             return http::equal_ignoring_case(p.name, name) && stands_for_header(p, parameters);
           });
  }

  [[nodiscard]] base::AwsError refuse(std::string_view sub_resource) const {
    return not_implemented(sub_resource, absent_operation(method, names_object(path), sub_resource));
  }

  // True if the path fits; the raw labels go to `labels`.
  [[nodiscard]] bool fits(const Route& route, std::vector<std::string_view>& labels) const {
    std::string_view rest = path;
    if (!rest.starts_with('/')) return false;
    rest.remove_prefix(1);
    bool more = true;
    for (const Segment& segment : route.segments) {
      if (!more) return false;
      if (segment.greedy) {
        labels.push_back(rest);
        return !rest.empty();
      }
      more = rest.find('/') != std::string_view::npos;
      const std::string_view taken = take_until(rest, '/');
      if (segment.label ? taken.empty() : taken != segment.text) return false;
      if (segment.label) labels.push_back(taken);
    }
    // A slash at the end is taken: /bucket/ (S3), /functions/ (old Lambda clients).
    return rest.empty();
  }

  [[nodiscard]] bool has_keys(const Route& route) const {
    return std::ranges::all_of(route.keys, [&](const Key& key) {
      const std::string* value = find_parameter(parameters, key.name);
      return value != nullptr && (key.value.empty() || *value == key.value);
    });
  }

  // Query keys and headers that the operation requires: first how many lack, then how many are there.
  [[nodiscard]] std::pair<int, int> required(const OperationDesc& operation) const {
    std::pair<int, int> count;
    for (const MemberDesc& member : input_members(operation)) {
      if (!member.required) continue;
      if (member.location == Location::query) {
        ++(find_parameter(parameters, member.wire()) != nullptr ? count.second : count.first);
      } else if (member.location == Location::header) {
        ++(has_header(member.wire()) ? count.second : count.first);
      }
    }
    return count;
  }
};

UriMatcher::Route UriMatcher::parse_template(const OperationDesc& operation) {
  Route route{&operation, {}, {}, {}};
  std::string_view query = operation.uri;
  std::string_view path = take_until(query, '?');
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  while (!path.empty()) {
    std::string_view text = take_until(path, '/');
    const bool label = text.starts_with('{');
    const bool greedy = text.ends_with("+}");
    if (label) text = text.substr(1, text.size() - (greedy ? 3 : 2));
    route.segments.push_back({text, label, greedy});
    route.shape += greedy ? 'a' : label ? 'b' : 'c';
  }
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    if (name != "x-id") route.keys.push_back({name, value});
  }
  return route;
}

UriMatcher::UriMatcher(const ServiceDesc& service)
    : service_(service), s3_(std::ranges::find(service.protocols, Protocol::rest_xml) != service.protocols.end()) {
  routes_.reserve(service.operations.size());
  for (const OperationDesc& operation : service.operations) routes_.push_back(parse_template(operation));
}

base::Result<UriMatch> UriMatcher::match(std::string_view method, std::string_view path, std::string_view query,
                                         const http::Headers& headers) const {
  const auto parameters = parse_parameters(query);
  if (!parameters) return base::fail(broken_uri(path));
  const Call call{method, path, *parameters, headers};
  struct Rank {
    std::string_view shape;
    int lacking;  // negative count, so that greater is better throughout
    std::size_t keys;
    int present;
    auto operator<=>(const Rank&) const = default;
  };
  const Route* best = nullptr;
  Rank best_rank{};
  bool path_known = false;
  for (const Route& route : routes_) {
    std::vector<std::string_view> labels;
    if (!call.fits(route, labels)) continue;
    path_known = true;
    if (route.operation->http_method != method || !call.has_keys(route)) continue;
    const auto [lacking, present] = call.required(*route.operation);
    const Rank rank{route.shape, -lacking, route.keys.size(), present};
    if (best == nullptr || rank > best_rank) {
      best = &route;
      best_rank = rank;
    }
  }
  if (best == nullptr) {
    if (s3_ && path_known)
      for (const Parameter& parameter : *parameters)
        if (is_sub_resource(parameter.name)) return base::fail(call.refuse(parameter.name));
    return base::fail(unknown(method, path, path_known));
  }
  return finish(*best, call);
}

base::Result<UriMatch> UriMatcher::finish(const Route& route, const Call& call) const {
  const OperationDesc& operation = *route.operation;
  if (s3_) {
    for (const Parameter& parameter : call.parameters) {
      // A key without a value may be a sub-resource that came after this list: no change is made in its name.
      const bool foreign = operation.http_method != "GET" && operation.http_method != "HEAD" &&
                           parameter.value.empty() && !http::equal_ignoring_case(parameter.name.substr(0, 6), "x-amz-");
      if (!foreign && !is_sub_resource(parameter.name)) continue;
      const bool named = std::ranges::any_of(route.keys, [&](const Key& key) { return key.name == parameter.name; });
      if (!named && !binds(operation, Location::query, parameter.name)) return base::fail(call.refuse(parameter.name));
    }
    for (const std::string_view header : kSelectingHeaders)
      if (call.has_header(header) && !binds(operation, Location::header, header))
        return base::fail(not_implemented(header));
  }
  std::vector<std::string_view> raw;
  (void)call.fits(route, raw);
  UriMatch match{&operation, {}};
  std::size_t next = 0;
  for (const Segment& segment : route.segments) {
    if (!segment.label) continue;
    auto value = base::percent_decode(raw[next++]);
    if (!value || !base::is_utf8(*value)) return base::fail(broken_uri(call.path));
    match.labels.emplace_back(segment.text, *std::move(value));
  }
  return match;
}

base::AwsError UriMatcher::unknown(std::string_view method, std::string_view path, bool path_known) const {
  if (!s3_) {
    constexpr std::size_t kShownMax = 256;
    return make("UnknownOperationException",
                fmt::format("No operation of {} that is implemented is a {} of {}.", service_.service_id,
                            method.substr(0, kShownMax), path.substr(0, kShownMax)),
                404);
  }
  if (!path_known) return make("InvalidURI", "Couldn't parse the specified URI.", 400);
  base::AwsError error = make("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
  error.fields.emplace_back("Method", method);
  return error;
}

namespace {

void append_parameter(std::string_view name, std::string_view value, std::string& query) {
  if (!query.empty()) query += '&';
  query += base::percent_encode(name);
  query += '=';
  query += base::percent_encode(value);
}

std::string scalar_in_query(const MemberDesc& member, const TypeDesc& type, const void* value) {
  std::string text;
  const auto format = timestamp_format(member.timestamp_format, type, TimestampFormat::iso8601);
  append_scalar(type, format, IsoDates::as_needed, value, text);
  return text;
}

void append_query_member(const MemberDesc& member, const void* value, std::string& query) {
  const TypeDesc& type = *member.type;
  if (type.kind == Kind::list) {
    for (std::size_t i = 0; i < type.list->size(value); ++i)
      append_parameter(member.wire(), scalar_in_query(member, *type.list->element, type.list->at(value, i)), query);
  } else if (type.kind == Kind::map) {  // each entry is a parameter of its own
    for (std::size_t i = 0; i < type.map->size(value); ++i)
      append_parameter(type.map->key_at(value, i),
                       scalar_in_query(member, *type.map->value, type.map->value_at(value, i)), query);
  } else {
    append_parameter(member.wire(), scalar_in_query(member, type, value), query);
  }
}

base::Result<std::string> label_text(const OperationDesc& operation, std::string_view label, const void* in) {
  for (const MemberDesc& member : input_members(operation)) {
    if (member.location != Location::uri || member.wire() != label || member.unsupported()) continue;
    const void* value = member.get(in);
    if (value == nullptr) break;
    std::string text = scalar_in_query(member, *member.type, value);
    if (!text.empty()) return text;
  }
  return base::fail(make("ParamValidation", fmt::format("Missing required parameter in input: \"{}\"", label), 400));
}

}  // namespace

base::Result<std::string> expand_uri(const OperationDesc& operation, const void* in) {
  std::string_view keys = operation.uri;
  std::string_view path = take_until(keys, '?');
  std::string target;
  while (!path.empty()) {
    const std::size_t open = path.find('{');
    target += path.substr(0, open);
    if (open == std::string_view::npos) break;
    path.remove_prefix(open + 1);
    std::string_view label = take_until(path, '}');
    const bool greedy = label.ends_with('+');
    label.remove_suffix(greedy ? 1 : 0);
    TRY_ASSIGN(const std::string text, label_text(operation, label, in));
    target += base::percent_encode(text, greedy);
  }
  std::string query(keys);
  for (const MemberDesc& member : input_members(operation)) {
    if (member.location != Location::query || member.unsupported()) continue;
    if (const void* value = member.get(in)) append_query_member(member, value, query);
  }
  return query.empty() ? target : target + '?' + query;
}

}  // namespace aws::codec
