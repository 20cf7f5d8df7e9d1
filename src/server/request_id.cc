#include "server/request_id.h"

#include <string_view>

namespace server {

// Ids look as each family's do: DynamoDB has 52 characters, S3 16, the others, which all speak or spoke query or a
// newer protocol, a UUID (protocols.md 1.3).
std::string make_request_id(base::Random& random, const aws::ServiceDesc& service, aws::Protocol protocol) {
  using aws::Protocol;
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  switch (protocol) {
    case Protocol::json_1_0:
      if (service.query_compatible) break;
      return base::random_string(random, 52, kAlphabet);
    case Protocol::rest_xml:
      return base::random_string(random, 16, kAlphabet);
    default:
      break;
  }
  return base::make_uuid(random);
}

}  // namespace server
