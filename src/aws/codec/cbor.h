// The codec of Smithy's RPC v2 with CBOR bodies, which newer SDKs speak to CloudWatch (protocols.md 1.2). Safe from any
// thread.
#pragma once

#include "aws/codec/codec.h"

namespace aws::codec {

// The path of a request ends in "/service/<target prefix>/operation/<operation>".
constexpr std::string_view kCborProtocol = "rpc-v2-cbor";  // of the header smithy-protocol

const Codec& cbor_codec();

}  // namespace aws::codec
