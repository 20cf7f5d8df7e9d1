// What a service manager wants to be told by the services that it starts: sd_notify(3), without its library. A
// function; safe from any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace os {

// Sends `state`, such as "READY=1", to the socket that the environment variable NOTIFY_SOCKET names; does nothing where
// it is not set, for then no manager has started this process. The error is one sentence for people.
std::expected<void, std::string> tell_service_manager(std::string_view state);

}  // namespace os
