// Rows of the pipeline's tables as text. Pure but for the machine's time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/definition.h"
#include "pipeline/rows.h"

namespace cli {

// As one JSON object: strings as text, numbers as they are, bytes (an order that is no text) in base64 under a name
// that says so.
std::string row_json(const pipeline::Item& row);

// The attribute, epoch milliseconds, as a moment; nullopt if it is not there.
std::optional<base::Timestamp> time_at(const pipeline::Item& row, std::string_view attribute);
// When the order was made: as it says itself, else when it was stored.
std::optional<base::Timestamp> time_of_order(const pipeline::Item& row);
// Local time, or empty.
std::string local_or_empty(const std::optional<base::Timestamp>& time);

// How many digits of the currency are its minor unit, as the shop counts; nullopt if that is not known.
std::optional<int> minor_digits_of(std::string_view currency, const pipeline::Mapping& mapping);
// A number in DynamoDB's normal form with at least so many digits behind the point: "12.5" as "12.50". Exact: digits
// are added, never taken away.
std::string money_text(std::string_view number, std::optional<int> minor_digits);

}  // namespace cli
