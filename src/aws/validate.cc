#include "aws/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "aws/pattern.h"

namespace aws {
namespace {

constexpr std::size_t kErrorsMax = 10;          // AWS lists no more (protocols.md 1.3)
constexpr std::size_t kShownBytesMax = 2048;    // of one value in a message
constexpr std::size_t kShownElementsMax = 100;  // of one list or map in a message
constexpr int kShownDepthMax = 4;
constexpr int kDepthMax = 128;  // of nested shapes, more than any codec reads

// The compiled form of a pattern of the model, or nullptr if it cannot be compiled. Each is compiled once, when first
// used; the text in the model's tables lives for ever, so its address is its name.
const Pattern* compiled(std::string_view regex) {
  static std::shared_mutex mutex;
  static std::unordered_map<const char*, std::unique_ptr<const std::optional<Pattern>>> patterns;
  const auto value = [](const std::optional<Pattern>& pattern) { return pattern.has_value() ? &*pattern : nullptr; };
  {
    const std::shared_lock lock(mutex);
    if (const auto found = patterns.find(regex.data()); found != patterns.end()) return value(*found->second);
  }
  auto made = std::make_unique<const std::optional<Pattern>>(Pattern::compile(regex));
  const std::unique_lock lock(mutex);
  return value(*patterns.emplace(regex.data(), std::move(made)).first->second);
}

std::string lower_first(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + ('a' - 'A'));
  return out;
}

bool is_structure(const TypeDesc& type) {
  return type.kind == Kind::structure || type.kind == Kind::union_structure;
}

bool is_text(const TypeDesc& type) {
  return type.kind == Kind::string;
}

// Java's toString of a value, shortened where AWS would not.
void show(const TypeDesc& type, const void* value, int depth, std::string& out) {
  if (out.size() > kShownBytesMax || depth > kShownDepthMax) {
    if (!out.ends_with("...")) out += "...";
    return;
  }
  switch (type.kind) {
    case Kind::string: {
      const auto& text = *static_cast<const std::string*>(value);
      std::size_t length = std::min(text.size(), kShownBytesMax);
      while (length < text.size() && length > 0 && (static_cast<uint8_t>(text[length]) & 0xC0) == 0x80) --length;
      out.append(text, 0, length);
      if (length < text.size()) out += "...";
      return;
    }
    case Kind::boolean:
      out += *static_cast<const bool*>(value) ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(*static_cast<const int32_t*>(value));
      return;
    case Kind::long_integer:
      out += std::to_string(*static_cast<const int64_t*>(value));
      return;
    case Kind::floating: {
      const double number = *static_cast<const double*>(value);
      out += std::trunc(number) == number && std::abs(number) < 1e7 ? fmt::format("{:.1f}", number)
                                                                    : fmt::format("{}", number);
      return;
    }
    case Kind::timestamp:
      out += base::format_iso8601_seconds(*static_cast<const base::Timestamp*>(value));
      return;
    case Kind::blob:
      out +=
          fmt::format("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", static_cast<const std::string*>(value)->size());
      return;
    case Kind::list: {
      const std::size_t count = type.list->size(value);
      out += '[';
      for (std::size_t i = 0; i < count && i < kShownElementsMax; ++i) {
        if (i != 0) out += ", ";
        show(*type.list->element, type.list->at(value, i), depth + 1, out);
      }
      out += count > kShownElementsMax ? ", ...]" : "]";
      return;
    }
    case Kind::map: {
      const std::size_t count = type.map->size(value);
      out += '{';
      for (std::size_t i = 0; i < count && i < kShownElementsMax; ++i) {
        out += fmt::format("{}{}=", i == 0 ? "" : ", ", type.map->key_at(value, i).substr(0, kShownBytesMax));
        show(*type.map->value, type.map->value_at(value, i), depth + 1, out);
      }
      out += count > kShownElementsMax ? ", ...}" : "}";
      return;
    }
    case Kind::structure:
    case Kind::union_structure: {
      out += type.shape_name;
      char separator = '(';
      for (const MemberDesc& member : type.structure->members) {
        if (member.unsupported()) continue;
        const void* inner = member.get(value);
        if (inner == nullptr) continue;
        out += separator;
        if (separator == ',') out += ' ';
        separator = ',';
        out += lower_first(member.name) + '=';
        if (member.type->sensitive)
          out += "***Sensitive Data Redacted***";
        else
          show(*member.type, inner, depth + 1, out);
      }
      out += separator == '(' ? "()" : ")";
      return;
    }
  }
}

// --- the constraints of one type, as "Member must ..." texts

std::string too_short(int64_t min) {
  return fmt::format("Member must have length greater than or equal to {}", min);
}
std::string too_long(int64_t max) {
  return fmt::format("Member must have length less than or equal to {}", max);
}
std::string not_in_enum(const TypeDesc& type) {
  return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(type.enum_values, ", "));
}
std::string not_in_pattern(const TypeDesc& type) {
  return fmt::format("Member must satisfy regular expression pattern: {}", type.pattern);
}

bool breaks_enum(const TypeDesc& type, std::string_view text) {
  return !type.enum_values.empty() && std::ranges::find(type.enum_values, text) == type.enum_values.end();
}

bool breaks_pattern(const TypeDesc& type, std::string_view text) {
  if (type.pattern.empty()) return false;
  const Pattern* pattern = compiled(type.pattern);
  return pattern != nullptr && !pattern->matches(text);
}

// Counting the characters of a text is only needed if its bytes leave the question open.
bool longer_than(std::string_view text, int64_t max) {
  return text.size() > static_cast<std::size_t>(std::max<int64_t>(max, 0)) &&
         count_code_points(text) > static_cast<std::size_t>(std::max<int64_t>(max, 0));
}
bool shorter_than(std::string_view text, int64_t min) {
  return min > 0 &&
         count_code_points(text.substr(0, static_cast<std::size_t>(min) * 4)) < static_cast<std::size_t>(min);
}

bool breaks_any(const TypeDesc& type, std::string_view text) {
  return breaks_enum(type, text) || breaks_pattern(type, text) || (type.min && shorter_than(text, *type.min)) ||
         (type.max && longer_than(text, *type.max));
}

bool has_constraints(const TypeDesc& type) {
  return type.min || type.max || !type.pattern.empty() || !type.enum_values.empty();
}

// What AWS lists for the elements of a list, or the keys or values of a map, as soon as one breaks one of them.
std::string all_constraints(const TypeDesc& type) {
  std::string out = "[";
  if (type.max) out += too_long(*type.max) + ", ";
  if (type.min) out += too_short(*type.min) + ", ";
  if (!type.enum_values.empty()) out += not_in_enum(type) + ", ";
  if (!type.pattern.empty()) out += not_in_pattern(type) + ", ";
  return out + "Member must not be null]";
}

class Checker {
 public:
  // `only_required`: the service's checks know no other constraint.
  explicit Checker(bool only_required) : only_required_(only_required) {}

  void structure(const StructDesc& desc, const void* object) {
    if (++depth_ > kDepthMax) {
      --depth_;
      return;
    }
    for (const MemberDesc& member : desc.members) {
      if (member.unsupported()) continue;
      const void* value = member.get(object);
      if (value == nullptr && !member.required) continue;
      steps_.push_back({.name = member.name, .member = true});
      if (value == nullptr)
        add("Value null", "Member must not be null");
      else
        check(*member.type, value);
      steps_.pop_back();
    }
    --depth_;
  }

  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

 private:
  void check(const TypeDesc& type, const void* value) {
    if (!only_required_) own(type, value);
    if (is_structure(type)) {
      structure(*type.structure, value);
    } else if (type.kind == Kind::list) {
      const TypeDesc& element = *type.list->element;
      if (is_text(element)) {
        if (!only_required_) elements(type, element, value);
        return;
      }
      const std::size_t count = type.list->size(value);
      for (std::size_t i = 0; i < count && errors_.size() < kErrorsMax; ++i)
        inside({.index = i + 1}, element, type.list->at(value, i));
    } else if (type.kind == Kind::map) {
      map(type, value);
    }
  }

  // One step of the way from the input to a value: a member, a key of a map, or (index > 0) an element of a list. The
  // path is only put together for an error.
  struct Step {
    std::string_view name = {};
    std::size_t index = 0;
    bool member = false;
  };

  void inside(Step step, const TypeDesc& type, const void* value) {
    if (!is_structure(type) && type.kind != Kind::list && type.kind != Kind::map && !has_constraints(type)) return;
    steps_.push_back(step);
    check(type, value);
    steps_.pop_back();
  }

  std::string path() const {
    std::string out;
    for (const Step& step : steps_) {
      if (!out.empty()) out += '.';
      if (step.member)
        out += lower_first(step.name);
      else if (step.index > 0)
        out += fmt::format("{}.member", step.index);
      else
        out += fmt::format("{}.member", step.name);
    }
    return out;
  }

  void map(const TypeDesc& type, const void* value) {
    const TypeDesc& inner = *type.map->value;
    const std::size_t count = type.map->size(value);
    if (!only_required_ && type.map->key != nullptr && has_constraints(*type.map->key)) {
      bool broken = false;
      for (std::size_t i = 0; i < count && !broken; ++i)
        broken = breaks_any(*type.map->key, type.map->key_at(value, i));
      if (broken) fail(type, value, "Map keys must satisfy constraint: " + all_constraints(*type.map->key));
    }
    if (is_text(inner)) {
      if (only_required_ || !has_constraints(inner)) return;
      bool broken = false;
      for (std::size_t i = 0; i < count && !broken; ++i)
        broken = breaks_any(inner, *static_cast<const std::string*>(type.map->value_at(value, i)));
      if (broken) fail(type, value, "Map value must satisfy constraint: " + all_constraints(inner));
      return;
    }
    for (std::size_t i = 0; i < count && errors_.size() < kErrorsMax; ++i)
      inside({.name = type.map->key_at(value, i)}, inner, type.map->value_at(value, i));
  }

  void elements(const TypeDesc& type, const TypeDesc& element, const void* value) {
    if (!has_constraints(element)) return;
    const std::size_t count = type.list->size(value);
    for (std::size_t i = 0; i < count; ++i)
      if (breaks_any(element, *static_cast<const std::string*>(type.list->at(value, i)))) {
        fail(type, value, "Member must satisfy constraint: " + all_constraints(element));
        return;
      }
  }

  // The constraints of the value itself, in the order in which AWS lists them.
  void own(const TypeDesc& type, const void* value) {
    if (!has_constraints(type)) return;
    switch (type.kind) {
      case Kind::string: {
        const auto& text = *static_cast<const std::string*>(value);
        if (breaks_enum(type, text)) fail(type, value, not_in_enum(type));
        if (breaks_pattern(type, text)) fail(type, value, not_in_pattern(type));
        if (type.min && shorter_than(text, *type.min)) fail(type, value, too_short(*type.min));
        if (type.max && longer_than(text, *type.max)) fail(type, value, too_long(*type.max));
        return;
      }
      case Kind::blob:
        length(type, value, static_cast<const std::string*>(value)->size());
        return;
      case Kind::list:
        length(type, value, type.list->size(value));
        return;
      case Kind::map:
        length(type, value, type.map->size(value));
        return;
      case Kind::integer:
        number(type, value, *static_cast<const int32_t*>(value));
        return;
      case Kind::long_integer:
        number(type, value, *static_cast<const int64_t*>(value));
        return;
      case Kind::floating:
        number(type, value, *static_cast<const double*>(value));
        return;
      case Kind::boolean:
      case Kind::timestamp:
      case Kind::structure:
      case Kind::union_structure:
        return;
    }
  }

  void length(const TypeDesc& type, const void* value, std::size_t size) {
    if (type.min && static_cast<int64_t>(size) < *type.min) fail(type, value, too_short(*type.min));
    if (type.max && static_cast<int64_t>(size) > *type.max) fail(type, value, too_long(*type.max));
  }

  template <class Number>
  void number(const TypeDesc& type, const void* value, Number held) {
    // Written so that NaN breaks both.
    if (type.min && !(held >= static_cast<Number>(*type.min)))
      fail(type, value, fmt::format("Member must have value greater than or equal to {}", *type.min));
    if (type.max && !(held <= static_cast<Number>(*type.max)))
      fail(type, value, fmt::format("Member must have value less than or equal to {}", *type.max));
  }

  void fail(const TypeDesc& type, const void* value, std::string_view constraint) {
    if (errors_.size() >= kErrorsMax) return;
    std::string subject = "Value";
    if (!type.sensitive) {
      subject += " '";
      show(type, value, 0, subject);
      subject += '\'';
    }
    add(subject, constraint);
  }

  void add(std::string_view subject, std::string_view constraint) {
    if (errors_.size() < kErrorsMax)
      errors_.push_back(fmt::format("{} at '{}' failed to satisfy constraint: {}", subject, path(), constraint));
  }

  const bool only_required_;
  int depth_ = 0;
  std::vector<Step> steps_;
  std::vector<std::string> errors_;
};

// The first absent required member in the words of SQS's query protocol ("SendMessageBatchRequestEntry.1.Id"), which
// its errors kept; empty if there is none.
std::string missing_member(const StructDesc& desc, const void* object, int depth);

std::string missing_inside(const TypeDesc& type, const void* value, int depth) {
  if (is_structure(type)) {
    const std::string missing = missing_member(*type.structure, value, depth + 1);
    return missing.empty() ? missing : "." + missing;
  }
  if (type.kind != Kind::list && type.kind != Kind::map) return {};
  const bool list = type.kind == Kind::list;
  const TypeDesc& inner = list ? *type.list->element : *type.map->value;
  if (!is_structure(inner)) return {};
  const std::size_t count = list ? type.list->size(value) : type.map->size(value);
  for (std::size_t i = 0; i < count; ++i) {
    const void* element = list ? type.list->at(value, i) : type.map->value_at(value, i);
    if (const std::string missing = missing_inside(inner, element, depth + 1); !missing.empty())
      return "." + (list ? std::to_string(i + 1) : std::string(type.map->key_at(value, i))) + missing;
  }
  return {};
}

std::string missing_member(const StructDesc& desc, const void* object, int depth) {
  if (depth > kDepthMax) return {};
  for (const MemberDesc& member : desc.members) {
    if (member.unsupported()) continue;
    const void* value = member.get(object);
    if (value == nullptr) {
      if (member.required) return std::string(member.wire());
      continue;
    }
    if (const std::string missing = missing_inside(*member.type, value, depth); !missing.empty())
      return std::string(member.wire()) + missing;
  }
  return {};
}

base::AwsError refusal(std::string_view code, std::string message) {
  base::AwsError error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

}  // namespace

base::Result<void> validate(const ServiceDesc& service, const OperationDesc& operation, const void* in) {
  if (operation.input == nullptr) return {};
  const bool sqs = service.id == "sqs";
  if (sqs || service.id == "s3") {
    const std::string missing = missing_member(*operation.input, in, 0);
    if (missing.empty()) return {};
    if (!sqs && missing.find('.') != std::string::npos) {  // within a document
      return base::fail(refusal(
          "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"));
    }
    base::AwsError error = refusal(sqs ? "MissingRequiredParameterException" : "InvalidRequest",
                                   fmt::format("The request must contain the parameter {}.", missing));
    if (sqs) error.query_code = "MissingParameter";
    return base::fail(std::move(error));
  }
  Checker checker(service.id == "sns");
  checker.structure(*operation.input, in);
  const std::size_t count = checker.errors().size();
  if (count == 0) return {};
  return base::fail(
      refusal(service.validation_code, fmt::format("{} validation error{} detected: {}", count, count == 1 ? "" : "s",
                                                   fmt::join(checker.errors(), "; "))));
}

base::AwsError unsupported_parameter(const ServiceDesc& service, std::string_view path) {
  base::AwsError error =
      refusal(service.unsupported_code,
              service.id == "sns" ? fmt::format("Invalid parameter: {} Reason: it is not supported here", path)
                                  : fmt::format("The parameter {} is not supported here.", path));
  error.http_status = service.unsupported_status;
  error.fault = service.unsupported_status >= 500 ? base::Fault::receiver : base::Fault::sender;
  return error;
}

}  // namespace aws
