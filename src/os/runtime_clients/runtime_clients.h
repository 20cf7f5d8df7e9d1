// The loops that run functions of the managed runtimes, as the text of the programs beside this file: `till` is one
// file and carries them in itself. Constants, safe from any thread.
#pragma once

#include <string_view>

namespace os {

std::string_view python_client_source();
std::string_view node_client_source();  // CommonJS

}  // namespace os
