#include "cli/embedded_functions.h"

// FUNCTION_ZIPS is the directory of the zips, given by CMake. The assembler takes the bytes in as they are.
#define EMBED(symbol, file)                                               \
  asm(".section .rodata\n"                                                \
      ".global " #symbol "_begin\n.balign 16\n" #symbol                   \
      "_begin:\n"                                                         \
      ".incbin \"" FUNCTION_ZIPS "/" file                                 \
      "\"\n"                                                              \
      ".global " #symbol "_end\n" #symbol "_end:\n.byte 0\n.previous\n"); \
  extern "C" const char symbol##_begin[];                                 \
  extern "C" const char symbol##_end[];

EMBED(till_ingest_zip, "ingest.zip")
EMBED(till_process_zip, "process.zip")
EMBED(till_sweep_zip, "sweep.zip")

namespace cli {

std::string_view ingest_zip() {
  return {till_ingest_zip_begin, till_ingest_zip_end};
}
std::string_view process_zip() {
  return {till_process_zip_begin, till_process_zip_end};
}
std::string_view sweep_zip() {
  return {till_sweep_zip_begin, till_sweep_zip_end};
}

}  // namespace cli
