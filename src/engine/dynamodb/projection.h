// Projection: the part of an item that some document paths name. Maps keep their shape, lists lose the elements that
// are not named. Pure, safe from any thread.
#pragma once

#include <vector>

#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/expression_binding.h"

namespace engine::dynamodb {

// The paths must not overlap (binding checks that). What does not exist is left out.
Item project(const Item& item, const std::vector<BoundPath>& paths);

}  // namespace engine::dynamodb
