// Stack::Function: one function of the stack as it should be. Private to stack_*.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/stack.h"

namespace pipeline {

struct Stack::Function {
  std::string_view what;  // "ingest": the role and the function are called <stack>-ingest
  const std::string& zip;
  int32_t timeout_seconds;
  int32_t memory_size_mb;
  std::string policy;  // document of its role
};

}  // namespace pipeline
