// How a request is refused that asks for something nobody here serves: in words, and in the protocol of its caller,
// whose client could not read another one. Pure, safe from any thread.
#pragma once

#include <string_view>

#include "aws/shape.h"

namespace server {

// The protocol in which a client of this service (its name in the scope of credentials) reads an error, if it sent a
// request that is known by its path. All other protocols are told by the request itself.
aws::Protocol protocol_of_paths(std::string_view signing_name);

// The description that makes a codec answer as the service would; it has no operations. Lives for ever.
const aws::ServiceDesc& absent_service(std::string_view signing_name);

}  // namespace server
