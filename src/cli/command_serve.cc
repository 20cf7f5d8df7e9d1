// till serve.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/version.h"
#include "os/env.h"
#include "os/service_notice.h"
#include "os/signals.h"

namespace cli {

namespace {

constexpr std::string_view kRootNeeded =
    ": beyond loopback the engine does not start with test/test, which everybody knows; set TILL_ROOT_ACCESS_KEY_ID "
    "and TILL_ROOT_SECRET_ACCESS_KEY to a key of your own, or let --root-key FILE make one";

// Why the options cannot be, or "".
std::string refusal(const ServeOptions& options, const ListenAddress& listen, const RootCredentials& root) {
  if (listen.is_loopback) return "";
  if (options.any_key)
    return "serve: --any-key lets in everybody who reaches the port, so it goes with a loopback address only, not "
           "with " +
           options.listen;
  return root.is_default() ? "serve: --listen " + options.listen + std::string(kRootNeeded) : "";
}

void warn(const ServeOptions& options, const ListenAddress& listen) {
  if (options.any_key)
    print_error(
        "warning: --any-key: requests with an unknown access key are root's, and their signatures are not verified");
  if (!listen.is_loopback && options.clock == "virtual")
    print_error("warning: whoever reaches " + options.listen + " can turn the clock forward, which needs no key");
}

// A service manager that waits in vain ends the service, so it is worth a line.
void tell(const std::string& state) {
  if (const auto told = os::tell_service_manager(state); !told.has_value()) print_error("serve: " + told.error());
}

std::expected<RootCredentials, std::string> root_credentials(const ServeOptions& options) {
  auto root = RootCredentials::from_environment();
  if (options.root_key.empty() || !root.has_value()) return root;
  if (!root->is_default())
    return std::unexpected("root's key is in the environment and in --root-key; give it in one of them");
  os::SystemRandom random;
  return RootCredentials::of_file(options.root_key, random);
}

}  // namespace

int serve(const GlobalOptions& global, const ServeOptions& options) {
  if (!global.endpoint.empty()) {
    print_error("serve: it is the engine, at --listen and --port, so it takes no --endpoint");
    return kUsage;
  }
  const ListenAddress listen = ListenAddress::parse(options.listen).value_or(ListenAddress());
  const auto root = root_credentials(options);
  const std::string refused = root.has_value() ? refusal(options, listen, *root) : "serve: " + root.error();
  if (!refused.empty()) {
    print_error(refused);
    return kUsage;
  }
  warn(options, listen);
  os::SignalWaiter signals;
  auto engine = LocalEngine::open({.data_directory = global.data_directory,
                                   .in_memory = options.in_memory,
                                   .port = options.port,
                                   .accept_data_loss = options.accept_data_loss,
                                   .lenient = options.lenient,
                                   .virtual_clock = options.clock == "virtual",
                                   .throttle = options.throttle == "on",
                                   .listen = listen,
                                   .hosts = options.hosts,
                                   .root = *root,
                                   .any_key = options.any_key});
  if (!engine.has_value()) {
    print_error(engine.error().message);
    return engine.error().exit_code;
  }
  const std::string beyond = listen.is_loopback ? "" : fmt::format(" (listening on {})", listen.text);
  print_line(fmt::format("till {} on {}{}, data in {}. Ready.", kVersion, (*engine)->endpoint_url(), beyond,
                         options.in_memory ? "memory" : global.data_directory));
  tell("READY=1\nSTATUS=" + (*engine)->endpoint_url());
  signals.wait();
  tell("STOPPING=1");
  return kOk;
}

}  // namespace cli
