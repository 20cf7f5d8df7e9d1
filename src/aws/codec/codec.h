// Codec: one wire protocol, both directions, for server and client. Each protocol is one table walker in its own .cc
// (json, query, rest_json, rest_xml, cbor); quirks of one service are small named subclasses. Codecs have no state and
// are safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// Values of {Label}s in the order of the URI template, percent-decoded.
using UriLabels = std::vector<std::pair<std::string_view, std::string>>;

class Codec {
 public:
  virtual ~Codec() = default;

  // Server: fills `in` (a value of operation.input) from the request. Fails with the service's SerializationException
  // (or its protocol's word for it) for malformed bytes and wrong types, and with service.unsupported_code for a
  // member that we do not honour. Checks no constraint: see aws/validate.h. May take the body out of the request.
  virtual base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation,
                                            http::Request& request, const UriLabels& labels, void* in) const = 0;
  // Server: the answer for `out` (a value of operation.output), with status, content type, and request id headers.
  virtual http::Response encode_response(const ServiceDesc& service, const OperationDesc& operation, void* out,
                                         std::string_view request_id) const = 0;
  virtual http::Response encode_error(const ServiceDesc& service, const base::AwsError& error,
                                      std::string_view request_id) const = 0;

  // Client: the request for `in`; Host, signature and Content-Length are added by the caller. Idempotency tokens are
  // filled by the caller before.
  virtual base::Result<http::Request> encode_request(const ServiceDesc& service, const OperationDesc& operation,
                                                     const void* in) const = 0;
  // Client: fills `out`, or answers the error that the response carries (with its typed detail if the operation
  // lists the error's shape). Unknown members are skipped. A 2xx body that cannot be read is "InvalidResponse".
  virtual base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                             http::Response& response, void* out) const = 0;
};

// The codec for a service's protocol, with that service's quirks. The result lives for ever.
const Codec& codec_for(const ServiceDesc& service, Protocol protocol);

}  // namespace aws::codec
