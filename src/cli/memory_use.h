// Peak resident memory of this process and of its children, from /proc. Used by `till bench` and for /metrics.
#pragma once

#include <cstdint>

namespace cli {

uint64_t resident_bytes();                // of this process, now
uint64_t peak_resident_bytes();           // of this process, since it began
uint64_t children_peak_resident_bytes();  // the largest sum over living children seen by this call's moment

}  // namespace cli
