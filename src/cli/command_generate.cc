// till generate.
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "pipeline/generate.h"

namespace cli {

int generate(uint64_t orders, uint64_t seed, bool array) {
  pipeline::OrderGenerator generator({.seed = seed});
  if (array) print_text("[\n");
  for (uint64_t i = 0; i < orders; ++i)
    if (!print_text(generator.next() + (array && i + 1 < orders ? ",\n" : "\n"))) break;
  if (array) print_text("]\n");
  return kOk;
}

}  // namespace cli
