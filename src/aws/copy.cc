#include "aws/copy.h"

namespace aws {
namespace {

template <class T>
void assign(const void* from, void* to) {
  *static_cast<T*>(to) = *static_cast<const T*>(from);
}

void copy_value(const TypeDesc& type, const void* from, void* to) {
  switch (type.kind) {
    case Kind::string:
    case Kind::blob:
      return assign<std::string>(from, to);
    case Kind::boolean:
      return assign<bool>(from, to);
    case Kind::integer:
      return assign<int32_t>(from, to);
    case Kind::long_integer:
      return assign<int64_t>(from, to);
    case Kind::floating:
      return assign<double>(from, to);
    case Kind::timestamp:
      return assign<base::Timestamp>(from, to);
    case Kind::list:
      for (std::size_t i = 0; i < type.list->size(from); ++i)
        copy_value(*type.list->element, type.list->at(from, i), type.list->append(to));
      return;
    case Kind::map:
      for (std::size_t i = 0; i < type.map->size(from); ++i)
        copy_value(*type.map->value, type.map->value_at(from, i),
                   type.map->append_new(to, std::string(type.map->key_at(from, i))));
      return;
    case Kind::structure:
    case Kind::union_structure:
      return copy(*type.structure, from, to);
  }
}

}  // namespace

void copy(const StructDesc& desc, const void* from, void* to) {
  for (const MemberDesc& member : desc.members) {
    if (member.unsupported()) continue;
    if (const void* value = member.get(from); value != nullptr) copy_value(*member.type, value, member.emplace(to));
  }
}

}  // namespace aws
