// The query protocol (awsQuery): requests as forms, answers as XML. Spoken by SNS, IAM, STS, and older clients of SQS
// and CloudWatch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/codec/codec.h"
#include "aws/codec/uri.h"

namespace aws::codec {

// The codec with the service's quirks (SQS: XML declaration, <Detail/>, legacy codes, the queue in the path; IAM and
// STS: dates in whole seconds; EC2: the form of errors). Lives for ever.
const Codec& query_codec(const ServiceDesc& service);

// The codec for clients that want JSON (Accept: application/json), which STS and IAM then answer: the same document,
// with times as epoch seconds. Lives for ever.
const Codec& query_json_codec();

// Parameters of a request: the form in the body of a POST, else the query string. nullopt if they are malformed.
std::optional<std::vector<Parameter>> query_parameters(const http::Request& request);

// The value of `Action`, by which the server finds the operation; empty if there is none. Of a repeated name the first
// value counts, here and in decode_request.
std::string query_action(const http::Request& request);

}  // namespace aws::codec
