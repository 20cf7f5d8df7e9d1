// RecordSchema: a JSON Schema that a shop's records have to meet before they are mapped: draft 4, 6 or 7, or of the
// newer drafts what these have too. Nothing in it is passed over: a keyword, format or reference that would not be
// checked is a fault of the schema. Immutable; safe from any thread.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pipeline {

class RecordSchema {
 public:
  static constexpr std::size_t kBytesMax = 256 << 10;

  // The error says for people where in the schema the fault is, by JSON Pointer, and what is wrong.
  static std::expected<std::shared_ptr<const RecordSchema>, std::string> parse(std::string_view json);

  // Why `record`, a JSON object of at most 32 levels, does not meet the schema, for people; nullopt if it does. Numbers
  // count as doubles.
  [[nodiscard]] std::optional<std::string> fault_of(std::string_view record) const;

  ~RecordSchema();
  RecordSchema(const RecordSchema&) = delete;
  RecordSchema& operator=(const RecordSchema&) = delete;

 private:
  struct Parts;
  explicit RecordSchema(std::unique_ptr<const Parts> parts);
  const std::unique_ptr<const Parts> parts_;
};

}  // namespace pipeline
