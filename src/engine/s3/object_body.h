// object_body(): the bytes of an object, or a range of them, read from the store while they are sent. At most one chunk
// is held at a time. The pin keeps the chunks alive whatever happens to the object meanwhile.
#pragma once

#include <memory>

#include "aws/http/message.h"
#include "engine/s3/chunk_store.h"

namespace engine::s3 {

// Bytes [begin, end) of what `segments` hold; `pin` is that of these segments. Used by one thread at a time. A chunk
// that the store has lost ends the process.
// REQUIRES: begin <= end <= the segments' total.
std::shared_ptr<aws::http::BodySource> object_body(std::shared_ptr<ChunkStore> chunks, std::shared_ptr<void> pin,
                                                   Segments segments, uint64_t begin, uint64_t end);

}  // namespace engine::s3
