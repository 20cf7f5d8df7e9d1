// EventText: the message of one log event as filters see it: as text, as the JSON object that it may be, and as fields
// between white space. Each view is made at first use, so many filters share the work. Used by one thread at a time.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace simdjson::dom {
class element;
}

namespace engine::logs {

// Whether `part` occurs in `text`, in time linear in the text whatever the part is, which find() is not.
[[nodiscard]] bool occurs_in(std::string_view text, std::string_view part);

class EventText {
 public:
  EventText();
  ~EventText();
  EventText(const EventText&) = delete;
  EventText& operator=(const EventText&) = delete;

  // The message to look at from now on, which outlives the next call; views of the one before become invalid.
  void set(std::string_view message);
  [[nodiscard]] std::string_view message() const;

  // The JSON object that the whole message is; nullptr if it is none.
  const simdjson::dom::element* json();
  // The fields: what stands between white space, or between double quotation marks or brackets (without them).
  const std::vector<std::string_view>& fields();
  // From the beginning of field `index` (which exists) to the end of the message, without white space at its end.
  std::string_view from_field(std::size_t index);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace engine::logs
