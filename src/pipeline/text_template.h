// TextTemplate: a text for people with values of an order in it: "{transaction_id}: {amount} {currency}". A value.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

class TextTemplate {
 public:
  TextTemplate() = default;  // the empty text
  // `names` are those that may stand in braces; "{{" and "}}" are braces. The error says for people what is wrong.
  static std::expected<TextTemplate, std::string> parse(std::string_view text, const std::vector<std::string>& names);

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  [[nodiscard]] std::string render(const std::function<std::string(std::string_view name)>& value_of) const;

 private:
  struct Piece {
    std::string literal;
    std::string name;  // behind the literal; empty: nothing
  };
  std::vector<Piece> pieces_;
};

}  // namespace pipeline
