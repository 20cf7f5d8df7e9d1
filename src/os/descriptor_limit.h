// The process's limit of open files: raised at start, and shared out between the clients' connections and everything
// else that needs descriptors (the store's files, the functions' pipes and sockets, calls to others).
#pragma once

#include <cstdint>

namespace os {

// Raises the soft limit as far as the hard limit lets, up to what 20,000 connections need, and returns it. To be called
// once, before anything is opened that could be short of descriptors. (Functions have a limit of their own, see
// ChildSpec::open_files_max.)
uint64_t raise_descriptor_limit();

// How many connections may be open under a limit of `descriptors`, so that the rest of the process never lacks any.
uint32_t connections_within(uint64_t descriptors);

}  // namespace os
