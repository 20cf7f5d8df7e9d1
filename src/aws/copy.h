// copy: a second value of a shape, by its tables. For who has to give an input away more than once: a call consumes it.
// A function without state.
#pragma once

#include "aws/shape.h"

namespace aws {

// Makes `to`, an empty value of the described struct, equal to `from`. Members that we do not honour are left out.
void copy(const StructDesc& desc, const void* from, void* to);

}  // namespace aws
