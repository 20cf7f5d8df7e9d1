#include "aws/codec/codec.h"

#include "aws/codec/cbor.h"
#include "aws/codec/json.h"
#include "aws/codec/query.h"
#include "aws/codec/rest_json.h"
#include "aws/codec/rest_xml.h"
#include "base/check.h"

namespace aws::codec {

const Codec& codec_for(const ServiceDesc& service, Protocol protocol) {
  switch (protocol) {
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      return json_codec(service, protocol);
    case Protocol::query:
      return query_codec(service);
    case Protocol::rest_json:
      return rest_json_codec(service);
    case Protocol::rest_xml:
      return rest_xml_codec(service);
    case Protocol::cbor:
      return cbor_codec();
  }
  CHECK(false, "the protocol is one of the six");
}

}  // namespace aws::codec
