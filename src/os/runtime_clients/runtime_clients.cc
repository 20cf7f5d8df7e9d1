#include "os/runtime_clients/runtime_clients.h"

// RUNTIME_CLIENTS is this directory, given by CMake. The assembler takes the bytes in as they are.
#define EMBED(symbol, file)                                               \
  asm(".section .rodata\n"                                                \
      ".global " #symbol "_begin\n" #symbol                               \
      "_begin:\n"                                                         \
      ".incbin \"" RUNTIME_CLIENTS "/" file                               \
      "\"\n"                                                              \
      ".global " #symbol "_end\n" #symbol "_end:\n.byte 0\n.previous\n"); \
  extern "C" const char symbol##_begin[];                                 \
  extern "C" const char symbol##_end[];

EMBED(till_python_client, "python_client.py")
EMBED(till_node_client, "node_client.cjs")

namespace os {

std::string_view python_client_source() {
  return {till_python_client_begin, till_python_client_end};
}
std::string_view node_client_source() {
  return {till_node_client_begin, till_node_client_end};
}

}  // namespace os
