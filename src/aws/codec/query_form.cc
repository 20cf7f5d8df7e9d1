#include "aws/codec/query_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "aws/codec/scalar_text.h"
#include "aws/validate.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

base::AwsError malformed(std::string message) {
  base::AwsError error;
  error.code = "MalformedInput";
  error.message = std::move(message);
  return error;
}

// Walks the description over parameters sorted by name: everything below "P." is one range.
class Reader {
 public:
  Reader(const ServiceDesc& service, std::vector<Parameter> parameters)
      : service_(service), parameters_(std::move(parameters)) {
    std::ranges::stable_sort(parameters_, {}, &Parameter::name);
  }

  // `prefix` is empty or ends with a dot.
  base::Result<void> members(const StructDesc& desc, const std::string& prefix, std::size_t depth, void* object) const {
    if (depth > kFormDepthMax) return base::fail(malformed("The input is nested too deeply"));
    for (const MemberDesc& member : desc.members) {
      std::string name = prefix + std::string(member.wire());
      if (!is_present(name) && member.name != member.wire()) name = prefix + std::string(member.name);
      if (!is_present(name)) continue;
      if (member.unsupported()) return base::fail(unsupported_parameter(service_, name));
      TRY(value(*member.type, name, depth, member.emplace(object)));
    }
    return {};
  }

 private:
  [[nodiscard]] const Parameter* exact(std::string_view name) const {
    const auto found = std::ranges::lower_bound(parameters_, name, {}, &Parameter::name);
    return found != parameters_.end() && found->name == name ? &*found : nullptr;
  }

  // The parameters whose names begin with `prefix`, which ends with a dot.
  [[nodiscard]] std::span<const Parameter> below(const std::string& prefix) const {
    std::string after = prefix;
    ++after.back();  // '/' follows '.'
    const auto begin = std::ranges::lower_bound(parameters_, prefix, {}, &Parameter::name);
    return {begin, std::ranges::lower_bound(begin, parameters_.end(), after, {}, &Parameter::name)};
  }

  [[nodiscard]] bool is_present(const std::string& name) const {
    return exact(name) != nullptr || !below(name + '.').empty();
  }

  // The indices that occur directly below `prefix`, ascending.
  [[nodiscard]] base::Result<std::vector<std::size_t>> indices(const std::string& prefix) const {
    std::vector<std::size_t> found;
    for (const Parameter& parameter : below(prefix)) {
      std::string_view token = std::string_view(parameter.name).substr(prefix.size());
      token = token.substr(0, token.find('.'));
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      const bool canonical = token.size() == 1 || !token.starts_with('0');
      if (error != std::errc() || end != token.data() + token.size() || !canonical || index > kFormIndexMax)
        return base::fail(malformed(fmt::format("Key {} is not an integer", token)));
      if (found.empty() || found.back() != index) found.push_back(index);
    }
    std::ranges::sort(found);
    return found;
  }

  base::Result<void> value(const TypeDesc& type, const std::string& name, std::size_t depth, void* place) const {
    const Parameter* text = exact(name);
    switch (type.kind) {
      case Kind::structure:
      case Kind::union_structure:
        if (text != nullptr && !text->value.empty())
          return base::fail(malformed(fmt::format("Unexpected value for structure {}", name)));
        return members(*type.structure, name + '.', depth + 1, place);
      case Kind::list:
        return list(type, name, depth, place);
      case Kind::map:
        return map(*type.map, name, depth, place);
      default:
        break;
    }
    if (text == nullptr) return base::fail(malformed("Start of structure or map found where not expected."));
    if (!base::is_utf8(text->value) || !parse_scalar(type, text->value, place))
      return base::fail(malformed(fmt::format("'{}' can not be converted to {} {}", text->value,
                                              type.kind == Kind::integer ? "an" : "a", scalar_word(type))));
    return {};
  }

  // "Name=" alone is an empty list or map.
  [[nodiscard]] base::Result<void> check_marker(const std::string& name) const {
    const Parameter* text = exact(name);
    if (text != nullptr && !text->value.empty()) return base::fail(malformed("Unexpected list element termination"));
    return {};
  }

  base::Result<void> list(const TypeDesc& type, const std::string& name, std::size_t depth, void* place) const {
    TRY(check_marker(name));
    const ListAccess& access = *type.list;
    const std::string prefix = access.flattened ? name + '.' : fmt::format("{}.{}.", name, access.element_name);
    TRY_ASSIGN(const std::vector<std::size_t> numbers, indices(prefix));
    for (const std::size_t number : numbers)
      TRY(value(*access.element, prefix + std::to_string(number), depth + 1, access.append(place)));
    return {};
  }

  base::Result<void> map(const MapAccess& access, const std::string& name, std::size_t depth, void* place) const {
    TRY(check_marker(name));
    const std::string prefix = access.flattened ? name + '.' : name + ".entry.";
    TRY_ASSIGN(const std::vector<std::size_t> numbers, indices(prefix));
    if (numbers.size() > kFormMapEntriesMax) return base::fail(malformed(fmt::format("{} has too many entries", name)));
    for (const std::size_t number : numbers) {
      const std::string entry = prefix + std::to_string(number) + '.';
      const Parameter* key = exact(entry + std::string(access.key_name));
      const std::string value_name = entry + std::string(access.value_name);
      if (key == nullptr || (!is_present(value_name) && access.value->structure == nullptr))
        return base::fail(
            malformed(fmt::format("{}{} is missing", entry, key == nullptr ? access.key_name : access.value_name)));
      TRY(value(*access.value, value_name, depth + 1, access.append(place, key->value)));
    }
    return {};
  }

  const ServiceDesc& service_;
  std::vector<Parameter> parameters_;
};

class Writer {
 public:
  explicit Writer(std::string& form) : form_(form) {}

  void members(const StructDesc& desc, const std::string& prefix, const void* object) {
    for (const MemberDesc& member : desc.members) {
      if (member.unsupported()) continue;
      if (const void* present = member.get(object))
        value(*member.type, prefix + std::string(member.wire()), member.timestamp_format, present);
    }
  }

 private:
  void append(std::string_view name, std::string_view text) {
    if (!form_.empty()) form_ += '&';
    form_ += base::percent_encode(name);
    form_ += '=';
    form_ += base::percent_encode(text);
  }

  void value(const TypeDesc& type, const std::string& name, TimestampFormat format, const void* place) {
    switch (type.kind) {
      case Kind::structure:
      case Kind::union_structure:
        members(*type.structure, name + '.', place);
        return;
      case Kind::list:
        list(*type.list, name, format, place);
        return;
      case Kind::map:
        map(*type.map, name, place);
        return;
      default:
        break;
    }
    std::string text;
    append_scalar(type, timestamp_format(format, type, TimestampFormat::iso8601), IsoDates::as_needed, place, text);
    append(name, text);
  }

  void list(const ListAccess& access, const std::string& name, TimestampFormat format, const void* place) {
    if (access.size(place) == 0) append(name, "");
    const std::string prefix = access.flattened ? name + '.' : fmt::format("{}.{}.", name, access.element_name);
    for (std::size_t i = 0; i < access.size(place); ++i)
      value(*access.element, prefix + std::to_string(i + 1), format, access.at(place, i));
  }

  void map(const MapAccess& access, const std::string& name, const void* place) {
    const std::string prefix = access.flattened ? name + '.' : name + ".entry.";
    for (std::size_t i = 0; i < access.size(place); ++i) {
      const std::string entry = prefix + std::to_string(i + 1) + '.';
      append(entry + std::string(access.key_name), access.key_at(place, i));
      value(*access.value, entry + std::string(access.value_name), TimestampFormat::protocol_default,
            access.value_at(place, i));
    }
  }

  std::string& form_;
};

}  // namespace

base::Result<void> read_form(const ServiceDesc& service, const StructDesc& desc, std::vector<Parameter> parameters,
                             void* object) {
  return Reader(service, std::move(parameters)).members(desc, "", 0, object);
}

void write_form(const StructDesc& desc, const void* object, std::string& form) {
  Writer(form).members(desc, "", object);
}

}  // namespace aws::codec
