#include "aws/codec/rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "aws/body.h"
#include "aws/codec/encoded_word.h"
#include "aws/codec/scalar_text.h"
#include "aws/codec/uri.h"
#include "aws/validate.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

bool is_s3(const ServiceDesc& service) {
  return std::ranges::find(service.protocols, Protocol::rest_xml) != service.protocols.end();
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && http::equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

base::AwsError wrong_value(const ServiceDesc& service, const MemberDesc& member, const TypeDesc& type,
                           std::string_view text) {
  base::AwsError error;
  if (!is_s3(service)) {
    error.code = "SerializationException";
    error.message =
        fmt::format("'{}' can not be converted to {} (parameter {})", text,
                    type.kind == Kind::integer ? "an Integer" : fmt::format("a {}", scalar_word(type)), member.wire());
    return error;
  }
  error.code = "InvalidArgument";
  error.message = type.kind == Kind::integer || type.kind == Kind::long_integer
                      ? fmt::format("Provided {} not an integer or within integer range", member.wire())
                      : fmt::format("Provided {} is not a valid {}", member.wire(), scalar_word(type));
  error.fields = {{"ArgumentName", std::string(member.wire())}, {"ArgumentValue", std::string(text)}};
  return error;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Adds the comma-separated parts of one header to a list.
bool parse_header_list(const TypeDesc& type, std::string_view text, void* list) {
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trim(text.substr(0, comma));
    if (!part.empty() && !parse_scalar(*type.list->element, part, type.list->append(list))) return false;
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return true;
}

std::string scalar(const MemberDesc& member, const TypeDesc& type, TimestampFormat of_location, const void* value) {
  std::string text;
  append_scalar(type, timestamp_format(member.timestamp_format, type, of_location), IsoDates::as_needed, value, text);
  return text;
}

// True if the text is a value of the type; asked before a member is made present.
bool parses(const TypeDesc& type, std::string_view text) {
  std::string string;
  bool boolean = false;
  int32_t integer = 0;
  int64_t long_integer = 0;
  double floating = 0;
  base::Timestamp timestamp;
  switch (type.kind) {
    case Kind::string:
      return true;
    case Kind::blob:
      return parse_scalar(type, text, &string);
    case Kind::boolean:
      return parse_scalar(type, text, &boolean);
    case Kind::integer:
      return parse_scalar(type, text, &integer);
    case Kind::long_integer:
      return parse_scalar(type, text, &long_integer);
    case Kind::floating:
      return parse_scalar(type, text, &floating);
    case Kind::timestamp:
      return parse_scalar(type, text, &timestamp);
    default:
      return false;
  }
}

// CR and LF would end the header; values come from callers' data (metadata, content types).
std::string header_safe(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return text;
}

void write_headers(const StructDesc& desc, const void* object, http::Headers& headers) {
  for (const MemberDesc& member : desc.members) {
    const bool header = member.location == Location::header;
    if ((!header && member.location != Location::header_prefix) || member.unsupported()) continue;
    const void* value = member.get(object);
    if (value == nullptr) continue;
    const TypeDesc& type = *member.type;
    if (!header) {
      for (std::size_t i = 0; i < type.map->size(value); ++i)
        headers.add(
            header_safe(std::string(member.wire()).append(type.map->key_at(value, i))),
            encode_words(scalar(member, *type.map->value, TimestampFormat::rfc822, type.map->value_at(value, i))));
    } else if (type.kind == Kind::list) {
      std::string joined;
      for (std::size_t i = 0; i < type.list->size(value); ++i)
        joined.append(i == 0 ? "" : ",")
            .append(scalar(member, *type.list->element, TimestampFormat::rfc822, type.list->at(value, i)));
      headers.set(member.wire(), header_safe(std::move(joined)));
    } else {
      headers.set(member.wire(), header_safe(scalar(member, type, TimestampFormat::rfc822, value)));
    }
  }
}

// The server's side of one request.
class RequestReader {
 public:
  RequestReader(const ServiceDesc& service, const OperationDesc& operation, const http::Request& request,
                const std::vector<Parameter>& parameters)
      : service_(service), operation_(operation), request_(request), parameters_(parameters), s3_(is_s3(service)) {}

  base::Result<void> read(const MemberDesc& member, const UriLabels& labels, void* in) const {
    switch (member.location) {
      case Location::uri:
        for (const auto& [label, text] : labels)
          if (label == member.wire()) return fill(member, text, in);
        return {};
      case Location::query:
        return read_query(member, in);
      case Location::header:
        return read_header(member, in);
      case Location::header_prefix:
        return read_prefix(member, in);
      case Location::body:
      case Location::payload:
      case Location::status_code:
        break;
    }
    return {};
  }

 private:
  base::Result<void> fill(const MemberDesc& member, std::string_view text, void* in) const {
    if (member.unsupported()) return refuse(member);
    if (!parse_scalar(*member.type, text, member.emplace(in)))
      return base::fail(wrong_value(service_, member, *member.type, text));
    return {};
  }

  base::Result<void> refuse(const MemberDesc& member) const {
    return base::fail(unsupported_parameter(service_, s3_ ? member.wire() : member.name));
  }

  base::Result<void> read_query(const MemberDesc& member, void* in) const {
    const bool is_map = !member.unsupported() && member.type->kind == Kind::map;
    if (is_map) return read_query_map(member, in);
    for (const Parameter& parameter : parameters_) {
      if (parameter.name != member.wire()) continue;
      if (member.unsupported() || member.type->kind != Kind::list) return fill(member, parameter.value, in);
      const TypeDesc& element = *member.type->list->element;
      const void* present = member.get(in);
      void* list = present != nullptr ? const_cast<void*>(present) : member.emplace(in);
      if (!parse_scalar(element, parameter.value, member.type->list->append(list)))
        return base::fail(wrong_value(service_, member, element, parameter.value));
    }
    return {};
  }

  // Every parameter that is nobody else's.
  base::Result<void> read_query_map(const MemberDesc& member, void* in) const {
    void* map = nullptr;
    for (const Parameter& parameter : parameters_) {
      const bool bound = std::ranges::any_of(operation_.input->members, [&](const MemberDesc& other) {
        return other.location == Location::query && other.wire() == parameter.name;
      });
      if (bound) continue;
      if (map == nullptr) map = member.emplace(in);
      if (!parse_scalar(*member.type->map->value, parameter.value, member.type->map->append(map, parameter.name)))
        return base::fail(wrong_value(service_, member, *member.type->map->value, parameter.value));
    }
    return {};
  }

  base::Result<void> read_header(const MemberDesc& member, void* in) const {
    std::optional<std::string_view> text = request_.headers.find(member.wire());
    if (!text && s3_ && starts_with_ignoring_case(member.wire(), "x-amz-")) {
      for (const Parameter& parameter : parameters_)
        if (http::equal_ignoring_case(parameter.name, member.wire()) && stands_for_header(parameter, parameters_))
          text = parameter.value;
    }
    if (!text) return {};
    const bool conditional = starts_with_ignoring_case(member.wire(), "If-") && !member.unsupported();
    if (conditional && member.type->kind == Kind::timestamp && !parses(*member.type, *text)) return {};
    if (member.unsupported() || member.type->kind != Kind::list) return fill(member, trim(*text), in);
    std::string all;  // a list may be spread over several headers
    for (const auto& [name, value] : request_.headers.fields())
      if (http::equal_ignoring_case(name, member.wire())) all.append(all.empty() ? "" : ",").append(value);
    if (all.empty()) all = *text;
    if (!parse_header_list(*member.type, all, member.emplace(in)))
      return base::fail(wrong_value(service_, member, *member.type->list->element, all));
    return {};
  }

  base::Result<void> read_prefix(const MemberDesc& member, void* in) const {
    std::vector<std::pair<std::string_view, std::string_view>> found;
    for (const auto& [name, value] : request_.headers.fields())
      if (starts_with_ignoring_case(name, member.wire())) found.emplace_back(name, value);
    for (const Parameter& parameter : parameters_)  // of a presigned URL; what is sent as a header too counts once
      if (s3_ && starts_with_ignoring_case(parameter.name, member.wire()) && !request_.headers.contains(parameter.name))
        found.emplace_back(parameter.name, parameter.value);
    if (found.empty()) return {};
    if (member.unsupported()) return refuse(member);
    Map<std::string> joined;  // a header that occurs twice counts as one with a comma
    for (const auto& [name, value] : found) {
      const std::string key = lower(name.substr(member.wire().size()));
      if (key.empty()) continue;
      const bool again = joined.contains(key);
      joined[key].append(again ? "," : "").append(trim(value));
    }
    void* map = member.emplace(in);
    for (const auto& [key, value] : joined)
      if (!parse_scalar(*member.type->map->value, decode_words(value), member.type->map->append(map, key)))
        return base::fail(wrong_value(service_, member, *member.type->map->value, value));
    return {};
  }

  const ServiceDesc& service_;
  const OperationDesc& operation_;
  const http::Request& request_;
  const std::vector<Parameter>& parameters_;
  bool s3_;
};

bool is_body(const MemberDesc& payload, bool output) {
  return output && payload.streaming && payload.type->kind == Kind::blob;
}

}  // namespace

const MemberDesc* payload_member(const StructDesc& desc) {
  const auto found = std::ranges::find(desc.members, Location::payload, &MemberDesc::location);
  return found == desc.members.end() ? nullptr : &*found;
}

bool has_body_members(const StructDesc& desc) {
  return std::ranges::find(desc.members, Location::body, &MemberDesc::location) != desc.members.end();
}

base::Result<void> read_request_bindings(const ServiceDesc& service, const OperationDesc& operation,
                                         const http::Request& request, const UriLabels& labels, void* in) {
  if (operation.input == nullptr) return {};
  const auto parameters = parse_parameters(request.query());
  if (!parameters) {
    base::AwsError error;
    error.code = is_s3(service) ? "InvalidURI" : "SerializationException";
    error.message = "Couldn't parse the specified URI.";
    return base::fail(std::move(error));
  }
  const RequestReader reader(service, operation, request, *parameters);
  for (const MemberDesc& member : operation.input->members) TRY(reader.read(member, labels, in));
  return {};
}

base::Result<void> write_request_bindings(const OperationDesc& operation, const void* in, http::Request& request) {
  request.method = operation.http_method;
  TRY_ASSIGN(request.target, expand_uri(operation, in));
  if (operation.input != nullptr) write_headers(*operation.input, in, request.headers);
  return {};
}

void write_response_bindings(const StructDesc& desc, const void* out, http::Response& response) {
  write_headers(desc, out, response.headers);
  for (const MemberDesc& member : desc.members) {
    if (member.location != Location::status_code || member.unsupported()) continue;
    const void* value = member.get(out);
    if (value != nullptr && member.type->kind == Kind::integer) response.status = *static_cast<const int32_t*>(value);
  }
}

void read_response_bindings(const StructDesc& desc, const http::Response& response, void* out) {
  for (const MemberDesc& member : desc.members) {
    if (member.unsupported()) continue;
    if (member.location == Location::status_code && member.type->kind == Kind::integer) {
      *static_cast<int32_t*>(member.emplace(out)) = response.status;
    } else if (member.location == Location::header_prefix) {
      void* map = nullptr;
      for (const auto& [name, value] : response.headers.fields()) {
        if (!starts_with_ignoring_case(name, member.wire()) || name.size() == member.wire().size()) continue;
        if (map == nullptr) map = member.emplace(out);
        (void)parse_scalar(*member.type->map->value, decode_words(value),
                           member.type->map->append(map, lower(std::string_view(name).substr(member.wire().size()))));
      }
    } else if (member.location == Location::header) {
      const auto text = response.headers.find(member.wire());
      if (!text) continue;
      if (member.type->kind == Kind::list) {
        (void)parse_header_list(*member.type, *text, member.emplace(out));
      } else if (parses(*member.type, *text)) {
        (void)parse_scalar(*member.type, *text, member.emplace(out));
      }
    }
  }
}

bool is_raw(const MemberDesc& payload) {
  return !payload.unsupported() && (payload.type->kind == Kind::blob || payload.type->kind == Kind::string);
}

void take_raw_payload(const MemberDesc& payload, std::string& body, void* in) {
  if (body.empty() && !payload.streaming) return;
  *static_cast<std::string*>(payload.emplace(in)) = std::move(body);
}

void give_raw_payload(const MemberDesc& payload, void* out, http::Response& response) {
  void* value = const_cast<void*>(payload.get(out));
  if (value == nullptr) return;
  if (is_body(payload, true)) {
    Body& body = *static_cast<Body*>(value);
    response.body = std::move(body.bytes);
    response.stream = std::move(body.source);
  } else {
    response.body = std::move(*static_cast<std::string*>(value));
  }
}

void take_raw_payload(const MemberDesc& payload, http::Response& response, void* out) {
  if (!is_body(payload, true)) {
    take_raw_payload(payload, response.body, out);
    return;
  }
  Body& body = *static_cast<Body*>(payload.emplace(out));
  body.bytes = std::move(response.body);
  body.source = std::move(response.stream);
}

void set_content_type(http::Headers& headers, std::string_view type) {
  if (!headers.contains("Content-Type")) headers.set("Content-Type", std::string(type));
}

}  // namespace aws::codec
