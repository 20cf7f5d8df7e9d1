// ReceiptHandle: names one receive of one message. Opaque to clients, self-contained (nothing is kept to resolve it)
// and verified, so that a handle that this engine never made is told from one that is merely old. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::sqs {

struct ReceiptHandle {
  uint64_t queue_id = 0;
  uint64_t sequence = 0;
  uint64_t nonce = 0;  // of the receive, see MessageIndex::Entry

  [[nodiscard]] std::string text() const;
  static std::optional<ReceiptHandle> parse(std::string_view text);
};

}  // namespace engine::sqs
