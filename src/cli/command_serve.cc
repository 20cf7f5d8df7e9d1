// till serve.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/version.h"
#include "os/signals.h"

namespace cli {

int serve(const GlobalOptions& global, const ServeOptions& options) {
  if (!global.endpoint.empty()) {
    print_error("serve: it is the engine, at 127.0.0.1 and --port, so it takes no --endpoint");
    return kUsage;
  }
  os::SignalWaiter signals;
  auto engine = LocalEngine::open({.data_directory = global.data_directory,
                                   .in_memory = options.in_memory,
                                   .port = options.port,
                                   .accept_data_loss = options.accept_data_loss,
                                   .lenient = options.lenient,
                                   .virtual_clock = options.clock == "virtual",
                                   .throttle = options.throttle == "on"});
  if (!engine.has_value()) {
    print_error(engine.error().message);
    return engine.error().exit_code;
  }
  print_line(fmt::format("till {} on {}, data in {}. Ready.", kVersion, (*engine)->endpoint_url(),
                         options.in_memory ? "memory" : global.data_directory));
  signals.wait();
  return kOk;
}

}  // namespace cli
