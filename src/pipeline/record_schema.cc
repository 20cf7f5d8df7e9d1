#include "pipeline/record_schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "pipeline/schema_keywords.h"

namespace pipeline {
namespace {

using Json = nlohmann::json;
using valijson::adapters::Adapter;
using JsonAdapter = valijson::adapters::NlohmannJsonAdapter;
using valijson::constraints::Constraint;
using Context = std::vector<std::string>;

// valijson copies constraints into memory of its own.
template <class Check>
class OwnConstraint : public valijson::constraints::PolyConstraint {
 public:
  explicit OwnConstraint(Check check) : check_(std::move(check)) {}
  bool validate(const Adapter& target, const Context& context, valijson::ValidationResults* results) const override {
    const std::optional<std::string> fault = check_(target);
    if (fault.has_value() && results != nullptr) results->pushError(context, *fault);
    return !fault.has_value();
  }

 private:
  Constraint* cloneInto(void* memory) const override { return new (memory) OwnConstraint(*this); }
  [[nodiscard]] std::size_t sizeOf() const override { return sizeof(OwnConstraint); }

  Check check_;
};

template <class Check>
class Builder : public valijson::ConstraintBuilder {
 public:
  Constraint* make(const Adapter& value) const override { return new OwnConstraint<Check>(Check::of(value)); }
};

// Texts match each of some patterns.
class PatternCheck {
 public:
  static PatternCheck of(const Adapter& patterns) {
    PatternCheck check;
    patterns.applyToArray([&check](const Adapter& one) {
      check.patterns_.push_back(compile(one.asString()));
      return true;
    });
    return check;
  }
  static std::shared_ptr<const RE2> compile(const std::string& pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    auto compiled = std::make_shared<const RE2>(pattern, options);
    if (!compiled->ok())
      throw std::runtime_error(
          fmt::format("the pattern \"{}\" is not one that is taken (RE2): {}", pattern, compiled->error()));
    return compiled;
  }
  std::optional<std::string> operator()(const Adapter& value) const {
    if (!value.isString()) return std::nullopt;
    const std::string text = value.asString();
    for (const auto& pattern : patterns_)
      if (!RE2::PartialMatch(text, *pattern)) return fault_of(pattern->pattern());
    return std::nullopt;
  }

 private:
  static std::string fault_of(const std::string& pattern) {
    const std::string_view format = format_of_pattern(pattern);
    return format.empty() ? "does not match " + pattern : fmt::format("has not the format {}", format);
  }
  std::vector<std::shared_ptr<const RE2>> patterns_;
};

class MultipleCheck {
 public:
  static MultipleCheck of(const Adapter& divisor) {
    MultipleCheck check;
    check.divisor_ = number(divisor);
    return check;
  }
  // To what two doubles and their quotient are off: 19.99 is a multiple of 0.01.
  std::optional<std::string> operator()(const Adapter& value) const {
    constexpr double kRoundings = 4;
    if (!value.isNumber()) return std::nullopt;
    const double quotient = number(value) / divisor_;
    const double off = std::abs(quotient - std::round(quotient));
    if (off <= kRoundings * std::numeric_limits<double>::epsilon() * std::abs(quotient)) return std::nullopt;
    return fmt::format("is no multiple of {}", divisor_);
  }

 private:
  static double number(const Adapter& value) {
    double out = 0;
    if (value.asDouble(out)) return out;
    throw std::runtime_error("a number cannot be read");
  }
  double divisor_ = 1;
};

// Of an object with the same key twice readers disagree about what it says. Whatever goes through the schema recurses.
Json parse_json(std::string_view text) {
  constexpr int kDepthMax = 200;
  std::vector<std::set<std::string>> open;
  std::string repeated;
  Json json = Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDepthMax) throw std::runtime_error("the schema is nested too deeply");
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
      repeated = parsed.get<std::string>();
    return true;
  });
  if (!repeated.empty()) throw std::runtime_error(fmt::format("the key \"{}\" stands twice in one object", repeated));
  return json;
}

// Since draft 6 a number is an integer if it has no fraction, however it is written.
void make_integers(Json& json) {
  constexpr double kExactMax = 9'007'199'254'740'992;
  if (json.is_structured()) {
    for (Json& one : json) make_integers(one);
  } else if (json.is_number_float()) {
    const double value = json.get<double>();
    if (std::trunc(value) == value && std::abs(value) <= kExactMax) json = static_cast<int64_t>(value);
  }
}

// valijson names a place by "<root>", "[items]", "[0]"; people here by JSON Pointer.
std::string place_of(const Context& context) {
  nlohmann::json_pointer<std::string> pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string& part = context[i];
    pointer /= part.size() >= 2 ? part.substr(1, part.size() - 2) : part;
  }
  return pointer.empty() ? "the record" : pointer.to_string();
}

}  // namespace

struct RecordSchema::Parts {
  valijson::Schema schema;
  bool is_draft_4 = false;
};

RecordSchema::RecordSchema(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
RecordSchema::~RecordSchema() = default;

std::expected<std::shared_ptr<const RecordSchema>, std::string> RecordSchema::parse(std::string_view json) {
  if (json.size() > kBytesMax) return std::unexpected("is larger than 256 KiB, which no schema of a record is");
  try {
    Json schema = parse_json(json);
    const bool is_draft_4 = is_of_draft_4(schema);
    if (!is_draft_4) make_integers(schema);
    if (auto fault = prepare_schema(schema); fault.has_value()) return std::unexpected(std::move(*fault));
    valijson::SchemaParser parser(is_draft_4 ? valijson::SchemaParser::kDraft4 : valijson::SchemaParser::kDraft7);
    parser.addConstraintBuilder(kPatternKeyword, new Builder<PatternCheck>);
    parser.addConstraintBuilder(kMultipleKeyword, new Builder<MultipleCheck>);
    auto parts = std::make_unique<Parts>();
    parts->is_draft_4 = is_draft_4;
    parser.populateSchema(JsonAdapter(schema), parts->schema);
    return std::shared_ptr<const RecordSchema>(new RecordSchema(std::move(parts)));
  } catch (const std::exception& error) {
    return std::unexpected(std::string(error.what()));
  }
}

std::optional<std::string> RecordSchema::fault_of(std::string_view record) const {
  try {
    Json json = Json::parse(record);
    if (!parts_->is_draft_4) make_integers(json);
    valijson::ValidationResults results;
    if (valijson::Validator().validate(parts_->schema, JsonAdapter(json), &results)) return std::nullopt;
    valijson::ValidationResults::Error first;  // the innermost: what is around it follows from it
    if (!results.popError(first)) return "the record is not what the schema wants";
    return place_of(first.context) + ": " + first.description;
  } catch (const std::exception& error) {
    return std::string("the record cannot be checked by the schema: ") + error.what();
  }
}

}  // namespace pipeline
