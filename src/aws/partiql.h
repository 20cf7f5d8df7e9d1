// Partiql: the tokens of a PartiQL statement for DynamoDB and what it is about, a verb and a table. The server reads
// them to know which permission a statement needs, and the engine's parser continues from them, so the two can never
// disagree about the table. Pure functions over the text, which everything here views; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aws {

struct PartiqlToken {
  // word: a bare name or keyword; quoted: "a name"; text: 'a string'; wrong: what no statement may contain.
  enum class Kind : uint8_t { word, quoted, text, number, symbol, parameter, wrong, end } kind = Kind::end;
  std::string_view raw;  // as it stands in the statement, quotes included
  [[nodiscard]] bool is_symbol(std::string_view s) const { return kind == Kind::symbol && raw == s; }
  // Keywords are bare words, whatever the case of their letters.
  [[nodiscard]] bool is_keyword(std::string_view upper_case) const;
  [[nodiscard]] bool is_name() const { return kind == Kind::word || kind == Kind::quoted; }
  // Of a word, a quoted name or a string: what it says, without quotes.
  [[nodiscard]] std::string value() const;
};

// The tokens, always with an end as the last. Comments are white space; an unterminated one is wrong, as are open
// quotes.
std::vector<PartiqlToken> partiql_tokens(std::string_view statement);

enum class PartiqlVerb : uint8_t { select, insert, update, delete_ };
// "Select", ..., as in the action dynamodb:PartiQLSelect.
std::string_view verb_name(PartiqlVerb verb);

struct PartiqlTarget {
  PartiqlVerb verb = PartiqlVerb::select;
  std::string table;       // name or ARN, as written
  std::string index;       // of a SELECT; else empty
  std::size_t from = 0;    // the token FROM of a SELECT
  std::size_t behind = 0;  // the first token behind the table and index
};

// nullopt if the statement has no verb or no table where it must have one; such a statement does nothing anywhere.
std::optional<PartiqlTarget> partiql_target(const std::vector<PartiqlToken>& tokens);

}  // namespace aws
