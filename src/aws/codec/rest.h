// What the two REST protocols share: members that travel in the URI, the query string, headers and the status code,
// and payloads that are the body itself. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/codec/codec.h"
#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// The member that is the whole body, or nullptr. Its `emplace` is null if it is not honoured.
const MemberDesc* payload_member(const StructDesc& desc);
// True if some member travels inside the body.
bool has_body_members(const StructDesc& desc);

// Server: fills the members of `in` that travel in labels, query string and headers. Dates are taken in any of AWS's
// forms; a conditional header (If-...) that is no date is ignored (RFC 9110 13.1.3). S3 takes x-amz- headers from the
// query too (presigned URLs of other SDKs, see stands_for_header()). Members behind a prefix (x-amz-meta-) are RFC 2047
// text on the wire, both ways. Fails for wrong types (S3 InvalidArgument, else SerializationException) and
// members that are not honoured.
base::Result<void> read_request_bindings(const ServiceDesc& service, const OperationDesc& operation,
                                         const http::Request& request, const UriLabels& labels, void* in);
// Client: method, target and headers of `request`. Fails if a label is absent.
base::Result<void> write_request_bindings(const OperationDesc& operation, const void* in, http::Request& request);

// Server: headers and status of `response` from `out`.
void write_response_bindings(const StructDesc& desc, const void* out, http::Response& response);
// Client: members of `out` from status and headers. A header that is no value of its type is left absent.
void read_response_bindings(const StructDesc& desc, const http::Response& response, void* out);

// Raw payloads (blob, string and the streaming Body): moves the body. An empty body leaves the member absent, except
// a streaming one. REQUIRES: is_raw(member).
bool is_raw(const MemberDesc& payload);
void take_raw_payload(const MemberDesc& payload, std::string& body, void* in);
// `out` is of the operation's output, whose streaming payload is an aws::Body (body.h).
void give_raw_payload(const MemberDesc& payload, void* out, http::Response& response);
void take_raw_payload(const MemberDesc& payload, http::Response& response, void* out);

// Sets Content-Type unless a bound member has set it.
void set_content_type(http::Headers& headers, std::string_view type);

}  // namespace aws::codec
