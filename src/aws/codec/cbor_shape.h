// CBOR (RFC 8949) <-> described shapes, as Smithy's RPC v2 uses it. The reader trusts no announced length: it allocates
// only for bytes that are there, and nesting and the number of items are bounded. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

constexpr std::size_t kCborDepthMax = 32;
constexpr std::size_t kCborItemsMax = 1'000'000;     // a full PutMetricData has about 400,000
constexpr std::size_t kCborStructuresMax = 100'000;  // of described ones, which take far more memory than bytes

// Appends the object as a map of definite length. Absent members are left out, doubles and timestamps (tag 1, epoch
// seconds) are float64: what the typed decoders of the SDKs expect (protocols.md 1.2).
void write_cbor(const StructDesc& desc, const void* object, std::string& out);
// The parts, for maps that no description covers. `text` must be UTF-8.
void write_cbor_map_head(std::size_t entries, std::string& out);
void write_cbor_text(std::string_view text, std::string& out);
void write_cbor_member(const MemberDesc& member, const void* value, std::string& out);  // key and value

// Fills `object` (freshly made) from `bytes`, which are checked whole: one map, nothing behind it. Definite and
// indefinite lengths are taken, integers wherever a number is wanted, and null or undefined as absent; of a repeated
// key the last counts. Damaged bytes and wrong types give code "SerializationException". In a request
// (`refuse_unsupported`) an unsupported member gives code "Unsupported" with its path as message, after the whole was
// found free of other errors, and a union without exactly one member is malformed; in a response such a member is
// absent.
base::Result<void> read_cbor(const StructDesc& desc, std::string_view bytes, bool refuse_unsupported, void* object);

}  // namespace aws::codec
