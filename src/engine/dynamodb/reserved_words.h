// The words that an expression may not use as bare attribute names: AWS, Developer Guide, "Reserved words in DynamoDB".
// A pure function.
#pragma once

#include <string_view>

namespace engine::dynamodb {

// Whatever the case of its letters.
bool is_reserved_word(std::string_view word);

}  // namespace engine::dynamodb
