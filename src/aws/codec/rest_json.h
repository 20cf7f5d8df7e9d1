// The rest-json protocol, spoken by Lambda.
#pragma once

#include "aws/codec/codec.h"

namespace aws::codec {

// Stateless, the same for every service; lives for ever.
const Codec& rest_json_codec(const ServiceDesc& service);

}  // namespace aws::codec
