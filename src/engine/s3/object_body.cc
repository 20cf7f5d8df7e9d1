#include "engine/s3/object_body.h"

#include <algorithm>

#include "engine/s3/limits.h"

namespace engine::s3 {
namespace {

class ObjectBody final : public aws::http::BodySource {
 public:
  ObjectBody(std::shared_ptr<ChunkStore> chunks, std::shared_ptr<void> pin, Segments segments, uint64_t begin,
             uint64_t end)
      : chunks_(std::move(chunks)), pin_(std::move(pin)), segments_(std::move(segments)), size_(end - begin) {
    left_ = size_;
    offset_ = begin;
  }
  [[nodiscard]] uint64_t size() const override { return size_; }
  void read(std::string& out) override;

 private:
  const std::shared_ptr<ChunkStore> chunks_;
  std::shared_ptr<void> pin_;
  const Segments segments_;
  const uint64_t size_;
  uint64_t left_ = 0;
  std::size_t segment_ = 0;
  uint64_t offset_ = 0;  // of the next byte, from the start of segment_
};

void ObjectBody::read(std::string& out) {
  while (left_ > 0 && segment_ < segments_.size() && offset_ >= segments_[segment_].size)
    offset_ -= segments_[segment_++].size;
  if (left_ > 0) {
    const std::string chunk = chunks_->read(segments_[segment_].chunk_set, offset_ / kChunkBytes);
    const std::size_t skipped = offset_ % kChunkBytes;
    store::require_intact(chunk.size() > skipped, "the body of an object of S3");
    const std::size_t count = std::min<uint64_t>(left_, chunk.size() - skipped);
    out.append(chunk, skipped, count);
    offset_ += count;
    left_ -= count;
  }
  if (left_ == 0) pin_ = nullptr;
}

}  // namespace

std::shared_ptr<aws::http::BodySource> object_body(std::shared_ptr<ChunkStore> chunks, std::shared_ptr<void> pin,
                                                   Segments segments, uint64_t begin, uint64_t end) {
  return std::make_shared<ObjectBody>(std::move(chunks), std::move(pin), std::move(segments), begin, end);
}

}  // namespace engine::s3
