// EMBED(symbol, "path"): the bytes of a file, in the program, from symbol_begin to symbol_end. The assembler takes them
// in as they are; CMake has to know that the source depends on the file.
#pragma once

#define EMBED(symbol, path)                                               \
  asm(".section .rodata\n"                                                \
      ".global " #symbol "_begin\n.balign 16\n" #symbol                   \
      "_begin:\n"                                                         \
      ".incbin \"" path                                                   \
      "\"\n"                                                              \
      ".global " #symbol "_end\n" #symbol "_end:\n.byte 0\n.previous\n"); \
  extern "C" const char symbol##_begin[];                                 \
  extern "C" const char symbol##_end[];
