// Forms of the query protocol <-> described shapes: names with dots and numbers ("Tags.member.1.Key"). Used by query.cc
// only. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "aws/codec/uri.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

constexpr std::size_t kFormIndexMax = 999'999;
constexpr std::size_t kFormDepthMax = 32;
constexpr std::size_t kFormMapEntriesMax = 1'000;  // maps look keys up one by one; AWS allows 50 tags, 20 attributes

// Fills `object`. Names may come in any order and indices may have gaps; names that nobody knows are skipped. The wire
// name of a member counts before the model's, which some SDKs send (protocols.md 1.1). Fails with "MalformedInput", and
// for members that are not honoured as validate.h says.
base::Result<void> read_form(const ServiceDesc& service, const StructDesc& desc, std::vector<Parameter> parameters,
                             void* object);

// Appends "&Name=value" for everything present in `object`, percent-encoded.
void write_form(const StructDesc& desc, const void* object, std::string& form);

}  // namespace aws::codec
