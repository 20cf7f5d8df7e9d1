// IntakeSettings: how webhooks come in: who may send them and where their orders stand. Values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "pipeline/field_path.h"

namespace pipeline {

struct IntakeSettings {
  enum class Verify : uint8_t {
    hmac,         // the header is the HMAC-SHA256 of the body as it was sent
    timestamped,  // the header is t=<seconds>,v1=<hex>[,v1=...]: HMAC-SHA256 of "<seconds>.<body>", and recent
    nobody,       // everybody who knows the URL may send
  };
  Verify verify = Verify::hmac;
  std::string header = {};  // in small letters
  bool is_base64 = true;    // of Verify::hmac; else hex
  std::string secret_variable =
      {};  // of the environment of `till up`: where the secret is, which no file needs to hold
  base::Duration tolerance = std::chrono::minutes(5);  // of Verify::timestamped, to both sides
  std::optional<FieldPath> records = {};               // where in the body the order or the list stands
};

// Whether `signature`, the header's value, is of somebody who knows `secret`. Takes the same time whatever is wrong
// with a well-formed one.
bool is_signed(const IntakeSettings& settings, std::string_view secret, std::string_view signature,
               std::string_view body, base::Timestamp now);

}  // namespace pipeline
