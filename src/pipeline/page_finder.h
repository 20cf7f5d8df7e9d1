// PageFinder: whether a JSON object holds records in an array, or is a record itself, judged by where a record's id and
// amount stand. Reads the text only as far as it must; the text may be cut off. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/mapping.h"

namespace pipeline {

// What a record has that what is around records has not.
struct RecordMarks {
  FieldSource id;
  FieldSource amount;
};

// Where in `object` the records stand, as a JSON Pointer. Only if the object has no id, exactly one of its members is
// an array of objects, and the first of these has an id and an amount: an order without an id is refused under its own
// name then, and its lines are never taken for orders.
std::optional<std::string> find_records(std::string_view object, const RecordMarks& marks);

// Of what follows the records in such an object (",...}"): why it was none, for people; empty if it may have been.
std::string contradiction(std::string_view behind, const RecordMarks& marks);

}  // namespace pipeline
