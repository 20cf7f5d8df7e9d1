#include "os/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "os/child_process.h"
#include "os/environment.h"

namespace os {

std::expected<void, std::string> tell_service_manager(std::string_view state) {
  const std::string name = environment("NOTIFY_SOCKET").value_or("");
  if (name.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((name[0] != '/' && name[0] != '@') || name.size() >= sizeof address.sun_path)
    return std::unexpected("NOTIFY_SOCKET is no socket of this machine: " + name);
  std::ranges::copy(name, address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract one
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (!socket.valid() || ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), size) < 0)
    return std::unexpected("the service manager at " + name + " cannot be told: " + std::strerror(errno));
  return {};
}

}  // namespace os
