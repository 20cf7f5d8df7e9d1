// How a request is refused that asks for something nobody here serves: in words, and in the protocol of its caller,
// whose client could not read another one. Pure, safe from any thread.
#pragma once

#include <string_view>

#include "aws/shape.h"

namespace server {

// The protocol in which a client of this service (its name in the scope of credentials) reads an error, if it sent a
// request that is known by its path. All other protocols are told by the request itself.
aws::Protocol protocol_of_paths(std::string_view signing_name);

// The service that a request is for whose signature, if it has one, does not name it (unsigned, or SigV2 as SimpleDB
// has it): by its Host ("sdb.amazonaws.com"), by the version of its API in a form. Empty if that says nothing.
std::string_view service_of_host(std::string_view host);
std::string_view service_of_version(std::string_view version);

// The description that makes a codec answer as the service would; it has no operations. Lives for ever.
const aws::ServiceDesc& absent_service(std::string_view signing_name);

}  // namespace server
