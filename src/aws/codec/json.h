// awsJson 1.0 and 1.1: POST / with X-Amz-Target, a JSON body in both directions. Spoken by DynamoDB, SQS, CloudWatch
// and Logs. No state, safe from any thread.
#pragma once

#include "aws/codec/codec.h"
#include "aws/shape.h"

namespace aws::codec {

// The codec of `service` in the version `protocol`, which is json_1_0 or json_1_1. Lives for ever.
const Codec& json_codec(const ServiceDesc& service, Protocol protocol);

}  // namespace aws::codec
