// SequenceNumber: the number of a FIFO message as clients see it. Pure, safe from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace engine::sqs {

// 20 digits, increasing with `sequence` (protocols.md 4.1 item 31). The leading 1 stands for AWS's large numbers, which
// have no zeros in front either.
inline std::string sequence_number_text(uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  return "1" + std::string(19 - std::min<std::size_t>(digits.size(), 19), '0') + digits;
}

}  // namespace engine::sqs
