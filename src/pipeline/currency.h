// The currencies of ISO 4217, and how many digits of each are its minor unit. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pipeline {

// 2 for EUR, 0 for JPY, 3 for KWD; nullopt if `code` (three capital letters) is no currency in force or one that was
// withdrawn since 2020, which exports of older orders still have. Source: ISO 4217 list one of January 2026.
std::optional<int> minor_unit_digits(std::string_view code);

// A code as ISO 4217 writes it: its ASCII letters in capitals, without spaces around it.
std::string currency_code(std::string_view text);

}  // namespace pipeline
