// The rest-xml protocol, spoken by S3, with S3's quirks.
#pragma once

#include "aws/codec/codec.h"

namespace aws::codec {

// Stateless, the same for every service; lives for ever. Of an error's `fields`, those named "x-amz-..." in lower case
// become headers (S3's x-amz-bucket-region, x-amz-delete-marker), and all of a 304's do, which has no body; the others
// become elements in order. Bodies of answers to HEAD are left to the server to strip.
const Codec& rest_xml_codec(const ServiceDesc& service);

}  // namespace aws::codec
