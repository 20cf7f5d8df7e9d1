// Short ways to write attribute values in the tests of this directory. Used by tests only; pure functions.
#pragma once

#include <string>
#include <vector>

#include "engine/dynamodb/attribute_value.h"

namespace engine::dynamodb {

inline AttributeValue S(std::string v) {
  return AttributeValue::of_s(std::move(v));
}
inline AttributeValue N(std::string v) {
  return AttributeValue::of_n(std::move(v));
}
inline AttributeValue N(int v) {
  return AttributeValue::of_n(std::to_string(v));
}
inline AttributeValue B(std::string v) {
  return AttributeValue::of_b(std::move(v));
}
inline AttributeValue SS(std::vector<std::string> v) {
  return AttributeValue::of_ss(std::move(v));
}
inline AttributeValue NS(std::vector<std::string> v) {
  return AttributeValue::of_ns(std::move(v));
}
inline AttributeValue BS(std::vector<std::string> v) {
  return AttributeValue::of_bs(std::move(v));
}
inline AttributeValue L(std::vector<AttributeValue> v) {
  return AttributeValue::of_l(std::move(v));
}
inline AttributeValue M(Item v) {
  return AttributeValue::of_m(std::move(v));
}
inline AttributeValue Null() {
  return AttributeValue::of_null_(true);
}
inline AttributeValue Bool(bool v) {
  return AttributeValue::of_bool_(v);
}
inline bool same_item(const Item& a, const Item& b) {
  return values_equal(M(a), M(b));
}

}  // namespace engine::dynamodb
