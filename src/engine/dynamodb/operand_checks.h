// The checks of operands against the functions and operators they are given to, which need the values of literals but
// no item. Part of binding (expression_binding.cc). Pure functions, safe from any thread.
#pragma once

#include <string>

#include "engine/dynamodb/expression_binding.h"

namespace engine::dynamodb {

// Each answers the text of the first error in AWS's order, or an empty string. Everything in `bound` that the operands
// refer to must be resolved.
std::string check_condition(const BoundExpression& bound, const Condition& condition);
std::string check_update(const BoundExpression& bound);
// Of the targets of an update or projection: no two may overlap or conflict.
std::string check_paths(const BoundExpression& bound);

}  // namespace engine::dynamodb
