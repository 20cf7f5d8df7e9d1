// What text a definition may be before toml++ reads it. The library answers an error to nearly everything that is no
// TOML, and has a few holes: its recursion over the parts of a key ends with the stack, and what it does with
// characters beyond ASCII outside of quotes is not defined. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "pipeline/definition.h"

namespace pipeline {

// The first place that the library must not see; nullopt if there is none. Text that is no TOML for another reason is
// left to the library, which says why.
std::optional<DefinitionFault> unreadable_place(std::string_view toml);

}  // namespace pipeline
