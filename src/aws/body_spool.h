// BodySpool: where the server puts a large request body while it arrives, before the operation that it belongs to is
// called. A service that keeps such bodies implements it over the place where they will stay, so that they are written
// once, and finds the result in the Context. Safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace aws {

// What a Writer wrote; the service that made it knows what it is. Dropped unused, it is erased.
class SpooledBody {
 public:
  virtual ~SpooledBody() = default;
  [[nodiscard]] virtual uint64_t size() const = 0;  // bytes
};

class BodySpool {
 public:
  // One body. Used by one thread at a time; may write to a disk. Dropped unfinished, it erases what it wrote; what a
  // crash leaves behind is erased at the next start.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual void append(std::string_view bytes) = 0;
    virtual std::shared_ptr<SpooledBody> finish() = 0;  // call it last
  };

  virtual ~BodySpool() = default;
  // `checksum` is the algorithm ("CRC32") of the checksum that the request claims, or empty: a hint to compute it while
  // the body passes.
  virtual std::unique_ptr<Writer> begin(std::string_view checksum) = 0;
};

}  // namespace aws
