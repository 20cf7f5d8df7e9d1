#include "engine/s3/incoming_body.h"

#include <utility>

#include "base/check.h"

namespace engine::s3 {

// Keeps the store's ChunkStore, which may be let go of by the service before the last upload ends.
struct IncomingBody::Spooled final : aws::SpooledBody {
  Spooled(std::shared_ptr<ChunkStore> kept, ChecksumAlgorithm algorithm)
      : chunks(std::move(kept)), writer(*chunks), hasher(std::make_unique<Hasher>(algorithm)) {}
  [[nodiscard]] uint64_t size() const override { return writer.segment().size; }

  const std::shared_ptr<ChunkStore> chunks;
  ChunkStore::Writer writer;
  std::unique_ptr<Hasher> hasher;
};

std::unique_ptr<aws::BodySpool::Writer> ChunkSpool::begin(std::string_view checksum) {
  class SpoolWriter final : public Writer {
   public:
    explicit SpoolWriter(std::shared_ptr<IncomingBody::Spooled> body) : body_(std::move(body)) {}
    void append(std::string_view bytes) override {
      body_->hasher->update(bytes);
      body_->writer.append(bytes);
    }
    std::shared_ptr<aws::SpooledBody> finish() override {
      body_->writer.flush();
      return std::move(body_);
    }

   private:
    std::shared_ptr<IncomingBody::Spooled> body_;
  };
  const ChecksumAlgorithm algorithm = parse_algorithm(checksum).value_or(ChecksumAlgorithm::crc64nvme);
  return std::make_unique<SpoolWriter>(std::make_shared<IncomingBody::Spooled>(chunks_, algorithm));
}

IncomingBody::IncomingBody(ChunkStore& chunks, const aws::Context& context, std::optional<std::string>& held)
    : spooled_(std::dynamic_pointer_cast<Spooled>(context.body)), own_(chunks) {
  CHECK(!context.body || spooled_, "S3 is given bodies by its own spool only");
  if (held) held_ = std::move(*held);
  held.reset();
}

IncomingBody::~IncomingBody() = default;

uint64_t IncomingBody::size() const {
  return spooled_ ? spooled_->size() : held_.size();
}

// A spooled body was hashed while it came; it is read again only if nobody could know then what would be asked for.
Hasher& IncomingBody::hashed(ChecksumAlgorithm algorithm) {
  if (spooled_ && spooled_->hasher && spooled_->hasher->algorithm() == algorithm) {
    hasher_ = std::move(spooled_->hasher);
    return *hasher_;
  }
  hasher_ = std::make_unique<Hasher>(algorithm);
  if (spooled_) {
    spooled_->writer.replay([this](std::string_view bytes) { hasher_->update(bytes); });
  } else {
    hasher_->update(held_);
  }
  return *hasher_;
}

std::string IncomingBody::checksum(ChecksumAlgorithm algorithm) {
  return hashed(algorithm).finish_checksum();
}

ChunkStore::Writer& IncomingBody::flushed() {
  if (spooled_) return spooled_->writer;
  own_.append(held_);
  held_ = {};
  own_.flush();
  return own_;
}

}  // namespace engine::s3
