// The bodies of PutObject and UploadPart on their way into the store: ChunkSpool takes large ones while they arrive,
// IncomingBody is what the operation sees of either kind. What is written ahead is garbage until the operation's own
// batch makes it an object's (chunk_store.h).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/body_spool.h"
#include "aws/context.h"
#include "engine/s3/checksum.h"
#include "engine/s3/chunk_store.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"

namespace engine::s3 {

// Safe from any thread; the store outlives it and its writers.
class ChunkSpool final : public aws::BodySpool {
 public:
  explicit ChunkSpool(std::shared_ptr<ChunkStore> chunks) : chunks_(std::move(chunks)) {}
  std::unique_ptr<Writer> begin(std::string_view checksum) override;

 private:
  const std::shared_ptr<ChunkStore> chunks_;
};

// Used by one thread at a time; must not outlive the ChunkStore.
class IncomingBody {
 public:
  // The context's, if it came through the spool, else `held`, which is taken.
  IncomingBody(ChunkStore& chunks, const aws::Context& context, std::optional<std::string>& held);
  ~IncomingBody();

  // The digests, checked against what the request claims: PutObject's or UploadPart's. Call it once, before all else.
  template <class In>
  base::Result<Digests> digest(const In& in, ChecksumAlgorithm fallback) {
    TRY_ASSIGN(const std::optional<Checksum> claimed, claimed_checksum(in));
    TRY_ASSIGN(const ChecksumAlgorithm algorithm, choose_algorithm(in.checksum_algorithm, claimed, fallback));
    if (size() > kPutBytesMax) return base::fail(entity_too_large(size()));
    return check_digests(hashed(algorithm), algorithm, in.content_md5, claimed);
  }
  // The checksum (raw) by another algorithm.
  std::string checksum(ChecksumAlgorithm algorithm);
  // Writes what is still held, in several batches if it is long. Call it without locks.
  ChunkStore::Writer& flushed();

 private:
  struct Spooled;
  [[nodiscard]] uint64_t size() const;
  Hasher& hashed(ChecksumAlgorithm algorithm);

  std::shared_ptr<Spooled> spooled_;  // null: the body is `held_`
  std::string held_;
  std::unique_ptr<Hasher> hasher_;
  ChunkStore::Writer own_;

  friend class ChunkSpool;
};

}  // namespace engine::s3
