#include "store/kv_store.h"

#include <cstdio>
#include <cstdlib>

namespace store {

void stop_at_damage(std::string_view what) {
  std::fprintf(stderr, "store: %.*s is damaged; stopping, since nothing more can be acknowledged\n",
               static_cast<int>(what.size()), what.data());
  std::_Exit(kFatalExitCode);
}

}  // namespace store
