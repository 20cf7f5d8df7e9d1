#include "pipeline/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "pipeline/currency.h"
#include "pipeline/order_time.h"

namespace pipeline {
namespace {

using Kind = FoundValue::Kind;
using Places = std::vector<std::vector<std::size_t>>;

constexpr int kMinorDigitsUnknown = 2;

// A field as it was found: the text, and whether it is a JSON number.
struct Field {
  std::string text;
  bool is_number = false;
};

// What the reading of one record has to look at.
struct Reading {
  const Mapping& mapping;
  const std::vector<FoundValue>& found;
};

std::unexpected<Rejection> reject(std::string_view why, std::string message) {
  return std::unexpected(Rejection{why, std::move(message)});
}

// "/id", or "/id or /order_id"; what is said of it is to follow.
std::string places_text(const FieldSource& source) {
  if (source.size() == 1) return source.front().text();
  std::string out;
  for (const FieldTemplate& one : source) out += (out.empty() ? "" : " or ") + one.text();
  return out;
}

// The first alternative of which every part is there. A part that is there but is no text is refused, not passed over:
// who renames a field must hear of it.
std::expected<std::optional<Field>, Rejection> first_of(const Reading& reading, const FieldSource& source,
                                                        const Places& places, bool numbers_are_text) {
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto& pieces = source[i].pieces();
    const auto there = [&](std::size_t place) { return reading.found[place].is_there(); };
    if (!std::ranges::all_of(places[i], there)) continue;
    Field field;
    std::size_t next = 0;
    for (const FieldTemplate::Piece& piece : pieces) {
      field.text += piece.literal;
      if (!piece.path.has_value()) continue;
      const FoundValue& value = reading.found[places[i][next++]];
      field.is_number = value.kind == Kind::number && pieces.size() == 1 && piece.literal.empty();
      if (value.kind != Kind::string && !(value.kind == Kind::number && numbers_are_text))
        return reject(reason::kSchemaType, piece.path->pointer() + (numbers_are_text ? " must be a text or a number"
                                                                                     : " must be a non-empty string"));
      field.text += value.text;
    }
    return field;
  }
  return std::nullopt;
}

bool any_is_empty(const Reading& reading, const Places& places) {
  return std::ranges::any_of(places, [&](const auto& one) {
    return std::ranges::any_of(one, [&](std::size_t place) { return reading.found[place].kind != Kind::absent; });
  });
}

// Of a required field that no alternative gives.
Rejection missing(const Reading& reading, const FieldSource& source, const Places& places, std::string_view what) {
  if (any_is_empty(reading, places))
    return {reason::kSchemaType, places_text(source) + " must be " + std::string(what)};
  return {reason::kSchemaMissing, (source.size() == 1 ? "" : "none of ") + places_text(source) +
                                      (source.size() == 1 ? " is missing" : " is there")};
}

std::expected<std::string, Rejection> required_text(const Reading& reading, const FieldSource& source,
                                                    const Places& places) {
  auto field = first_of(reading, source, places, reading.mapping.numbers_are_text);
  if (!field.has_value()) return std::unexpected(std::move(field).error());
  if (!field->has_value()) return std::unexpected(missing(reading, source, places, "a non-empty string"));
  return std::move((*field)->text);
}

std::expected<std::string, Rejection> optional_text(const Reading& reading, const FieldSource& source,
                                                    const Places& places) {
  auto field = first_of(reading, source, places, true);
  if (!field.has_value()) return std::unexpected(std::move(field).error());
  return field->has_value() ? std::move((*field)->text) : std::string();
}

std::expected<std::string, Rejection> currency_of(const Reading& reading, const Places& places) {
  const Mapping& mapping = reading.mapping;
  if (!mapping.has_currency()) return std::string();
  auto text = optional_text(reading, mapping.currency, places);
  if (!text.has_value()) return text;
  std::string currency = currency_code(*text);
  if (currency.empty()) currency = mapping.default_currency;
  if (currency.empty()) return std::unexpected(missing(reading, mapping.currency, places, "a currency"));
  const std::string where = text->empty() || mapping.currency.size() != 1 ? "" : mapping.currency.front().text() + " ";
  if (!minor_unit_digits(currency).has_value())
    return reject(reason::kCurrency, fmt::format("{}\"{}\" is no currency of ISO 4217", where, currency));
  if (!mapping.currencies.empty() && std::ranges::find(mapping.currencies, currency) == mapping.currencies.end())
    return reject(reason::kCurrency, where + currency + " is not among the currencies that are taken");
  return currency;
}

std::string_view reason_of(AmountFault::Kind kind) {
  switch (kind) {
    case AmountFault::Kind::ambiguous:
      return reason::kAmountAmbiguous;
    case AmountFault::Kind::precision:
      return reason::kAmountPrecision;
    case AmountFault::Kind::contradicts:
      return reason::kCurrency;
    case AmountFault::Kind::malformed:
    case AmountFault::Kind::not_whole:
      break;
  }
  return reason::kSchemaType;
}

std::expected<base::Decimal, Rejection> amount_of(const Reading& reading, const Places& places,
                                                  const std::string& currency) {
  const Mapping& mapping = reading.mapping;
  const auto field = first_of(reading, mapping.amount, places, true);
  constexpr std::string_view kWanted = "a decimal number";
  const std::string where = places_text(mapping.amount);
  if (!field.has_value()) return reject(reason::kSchemaType, where + " must be " + std::string(kWanted));
  if (!field->has_value()) return std::unexpected(missing(reading, mapping.amount, places, kWanted));
  AmountFormat format = mapping.amount_format;
  if ((*field)->is_number) format = {.in_minor_units = format.in_minor_units};
  const auto digits = mapping.minor_digits.find(currency);
  const int minor_digits =
      digits != mapping.minor_digits.end() ? digits->second : minor_unit_digits(currency).value_or(kMinorDigitsUnknown);
  const auto amount = read_amount((*field)->text, format, currency, minor_digits);
  if (amount.has_value()) return *amount;
  if (amount.error().kind == AmountFault::Kind::malformed)
    return reject(reason::kSchemaType, where + " must be " + std::string(kWanted));
  return reject(reason_of(amount.error().kind), where + " " + amount.error().message);
}

// A number as it is; a time, to the microsecond, in seconds since 1970.
std::expected<base::Decimal, Rejection> version_of(const Reading& reading, const Places& places) {
  const FieldSource& source = reading.mapping.version;
  const auto field = first_of(reading, source, places, /*numbers_are_text=*/true);
  if (!field.has_value()) return std::unexpected(field.error());
  if (!field->has_value()) return std::unexpected(missing(reading, source, places, "a number or a time"));
  const std::string& text = (*field)->text;
  if (const auto number = base::Decimal::parse(text); number.has_value()) return *number;
  if (const auto time = parse_order_time(text); time.has_value())
    return base::Decimal::parse(fmt::format("{}e-6", time->time_since_epoch().count())).value();
  return reject(reason::kSchemaType, places_text(source) + " is neither a number nor a time");
}

std::expected<bool, Rejection> is_refund(const Mapping& mapping, const Transaction& order) {
  if (std::ranges::find(mapping.refund_types, order.type) != mapping.refund_types.end()) return true;
  if (order.amount.sign() > 0) return false;
  const Mapping::Meaning meaning = order.amount.sign() == 0 ? mapping.zero_amount : mapping.negative_amount;
  if (meaning == Mapping::Meaning::refused)
    return reject(reason::kAmountNonpositive,
                  places_text(mapping.amount) + " is " + order.amount.to_string() + ", not positive");
  return meaning == Mapping::Meaning::refund;
}

}  // namespace

TransactionReader::TransactionReader(Mapping mapping)
    : mapping_(std::move(mapping)),
      transaction_id_(places_of(mapping_.transaction_id)),
      amount_(places_of(mapping_.amount, mapping_.amount_format.style == AmountFormat::Style::plain &&
                                             !mapping_.amount_format.in_minor_units)),
      currency_(places_of(mapping_.currency)),
      item_(places_of(mapping_.item)),
      occurred_at_(places_of(mapping_.occurred_at)),
      customer_(places_of(mapping_.customer)),
      type_(places_of(mapping_.type)),
      version_(places_of(mapping_.version)) {}

TransactionReader::Places TransactionReader::places_of(const FieldSource& source, bool is_number) {
  Places out;
  for (const FieldTemplate& one : source) {
    std::vector<std::size_t>& places = out.emplace_back();
    for (const FieldTemplate::Piece& piece : one.pieces()) {
      if (!piece.path.has_value()) continue;
      places.push_back(wanted_.size());
      wanted_.push_back({*piece.path, is_number});
    }
  }
  return out;
}

std::expected<Transaction, Rejection> TransactionReader::read(std::string_view record) const {
  const auto canonical = canonicalise(record, wanted_);
  if (!canonical.has_value()) return std::unexpected(canonical.error());
  if (mapping_.schema != nullptr)
    if (auto fault = mapping_.schema->fault_of(record); fault.has_value())
      return reject(reason::kJsonSchema, std::move(*fault));
  const Reading reading{mapping_, canonical->found};
  Transaction order;
  auto id = required_text(reading, mapping_.transaction_id, transaction_id_);
  if (!id.has_value()) return std::unexpected(std::move(id).error());
  order.transaction_id = std::move(*id);
  if (order.transaction_id.size() > kTransactionIdBytesMax)
    return reject(reason::kTooLarge, places_text(mapping_.transaction_id) + " is longer than 2048 bytes");
  auto currency = currency_of(reading, currency_);
  if (!currency.has_value()) return std::unexpected(std::move(currency).error());
  order.currency = std::move(*currency);
  const auto amount = amount_of(reading, amount_, order.currency);
  if (!amount.has_value()) return std::unexpected(amount.error());
  order.amount = *amount;
  for (const auto& [field, source, places] : std::array<std::tuple<std::string*, const FieldSource*, const Places*>, 2>{
           {{&order.customer, &mapping_.customer, &customer_}, {&order.type, &mapping_.type, &type_}}}) {
    auto text = optional_text(reading, *source, *places);
    if (!text.has_value()) return std::unexpected(std::move(text).error());
    *field = std::move(*text);
  }
  const auto refund = is_refund(mapping_, order);
  if (!refund.has_value()) return std::unexpected(refund.error());
  order.is_refund = *refund;
  auto item = mapping_.item_required ? required_text(reading, mapping_.item, item_)
                                     : optional_text(reading, mapping_.item, item_);
  if (!item.has_value()) return std::unexpected(std::move(item).error());
  order.item = std::move(*item);
  const auto occurred_at = optional_text(reading, mapping_.occurred_at, occurred_at_);
  if (!occurred_at.has_value()) return std::unexpected(occurred_at.error());
  if (!occurred_at->empty()) {
    order.occurred_at = parse_order_time(*occurred_at);
    if (!order.occurred_at.has_value())
      return reject(reason::kSchemaType, places_text(mapping_.occurred_at) + " is not a time");
  }
  if (!mapping_.version.empty()) {
    const auto version = version_of(reading, version_);
    if (!version.has_value()) return std::unexpected(version.error());
    order.version = *version;
  }
  constexpr std::size_t kOriginalMembers = 3;
  order.has_more_fields = mapping_.keeps_record || canonical->members > kOriginalMembers;
  const std::size_t kept = order.transaction_id.size() + order.item.size() + order.customer.size() + order.type.size() +
                           (order.has_more_fields ? record.size() : 0);
  if (kept > kRowBytesMax)
    return reject(reason::kTooLarge, fmt::format("its row would have {} bytes and more, of 400 KiB that a row of "
                                                 "DynamoDB may have",
                                                 kept));
  order.payload_sha256 = "v1:" + base::hex_encode(base::sha256(canonical->text));
  return order;
}

std::expected<Transaction, Rejection> parse_transaction(std::string_view record) {
  static const TransactionReader reader(original_mapping());
  return reader.read(record);
}

}  // namespace pipeline
