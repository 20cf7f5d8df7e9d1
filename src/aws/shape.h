// The description that every generated shape carries of itself: which members it has, under which names and where
// they travel, and how to reach them through a void pointer. The codecs, the validator, the policy evaluator and the
// client walk these tables; none of them knows a shape by name. Everything here is constant data, made by the
// generator (codegen/), shared by all threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aws {

struct Context;
struct TypeDesc;
struct StructDesc;

// String-keyed map that keeps the order of insertion, as the JSON and XML of AWS do. Lookup is linear: maps of the API
// are small. A key occurs once; insert() of an existing key returns the old value's slot.
template <class V>
class Map {
 public:
  using Entry = std::pair<std::string, V>;
  Map() = default;
  Map(std::initializer_list<Entry> entries) : entries_(entries) {}
  Map(const Map&) = default;
  Map(Map&&) noexcept = default;
  Map& operator=(const Map&) = default;
  Map& operator=(Map&&) noexcept = default;
  ~Map();
  V& operator[](std::string_view key) {
    for (Entry& e : entries_)
      if (e.first == key) return e.second;
    return entries_.emplace_back(std::string(key), V()).second;
  }
  // Adds without looking for the key. REQUIRES: the key is not in the map.
  V& append(std::string key) { return entries_.emplace_back(std::move(key), V()).second; }
  const V* find(std::string_view key) const {
    for (const Entry& e : entries_)
      if (e.first == key) return &e.second;
    return nullptr;
  }
  V* find(std::string_view key) { return const_cast<V*>(std::as_const(*this).find(key)); }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  bool erase(std::string_view key) {
    return std::erase_if(entries_, [&](const Entry& e) { return e.first == key; }) != 0;
  }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  Entry& at(std::size_t i) { return entries_[i]; }
  const Entry& at(std::size_t i) const { return entries_[i]; }
  bool operator==(const Map& other) const { return entries_ == other.entries_; }

 private:
  std::vector<Entry> entries_;
};
// This and the comparison are not defaulted in the class: V may be a type that holds maps of itself, and clang would
// look into it before it is complete.
template <class V>
Map<V>::~Map() = default;

// What a value is. The C++ type behind each kind: string std::string (enums too, kept open), boolean bool, integer
// int32_t, long_integer int64_t, floating double, timestamp base::Timestamp, blob std::string of raw bytes, list
// std::vector<T>, map Map<T>, structure the generated struct, union_structure the generated tagged union.
enum class Kind : uint8_t {
  string,
  boolean,
  integer,
  long_integer,
  floating,
  timestamp,
  blob,
  list,
  map,
  structure,
  union_structure
};

enum class TimestampFormat : uint8_t { protocol_default, epoch_seconds, iso8601, rfc822 };

struct ListAccess {
  const TypeDesc* element;
  std::string_view element_name;  // XML and query name of one element
  bool flattened;
  std::size_t (*size)(const void* list);
  const void* (*at)(const void* list, std::size_t i);
  void* (*append)(void* list);  // returns the new element
};

struct MapAccess {
  const TypeDesc* value;
  std::string_view key_name;  // XML and query names
  std::string_view value_name;
  bool flattened;
  std::size_t (*size)(const void* map);
  std::string_view (*key_at)(const void* map, std::size_t i);
  const void* (*value_at)(const void* map, std::size_t i);
  void* (*append)(void* map, std::string key);  // returns the new value; a repeated key replaces the old value
  // For readers that keep their own index of a large map, where looking for the key each time would be quadratic.
  void* (*append_new)(void* map, std::string key);  // REQUIRES: the key is not in the map
  void* (*replace_at)(void* map, std::size_t i);    // makes value i a default one again and returns it
  const TypeDesc* key = nullptr;                    // the constraints of the keys, if known
};

// How a member holds its value. One for each C++ type that has members: OptionalHolder and AlternativeHolder below.
struct HolderAccess {
  const void* (*get)(const void* holder);  // nullptr: absent
  void* (*emplace)(void* holder);          // makes the value present, a default one, and returns it
};

// A number that a constraint of the model names, or none. Half the size of a std::optional.
class Bound {
 public:
  constexpr Bound() = default;
  constexpr Bound(int64_t value) : value_(value) {}  // NOLINT: a number is a bound
  constexpr explicit operator bool() const { return value_ != kNone; }
  constexpr int64_t operator*() const { return value_; }  // REQUIRES: there is one

 private:
  static constexpr int64_t kNone = INT64_MIN;  // no model names it
  int64_t value_ = kNone;
};

struct TypeDesc {
  Kind kind;
  TimestampFormat timestamp_format = TimestampFormat::protocol_default;
  bool sensitive = false;
  std::string_view shape_name;
  const ListAccess* list = nullptr;
  const MapAccess* map = nullptr;
  const StructDesc* structure = nullptr;
  // Constraints of the model, checked by aws/validate.h. Lengths of strings, blobs and lists, or values of numbers.
  Bound min = {};
  Bound max = {};
  std::string_view pattern = {};                       // Java regular expression, or empty
  std::span<const std::string_view> enum_values = {};  // in the order AWS prints them
  // How members of this type hold their value; nullptr if there are none. A member that holds it in a way of its own
  // (as the alternative of a union, or as a Body that streams) has a TypeDesc of its own, which differs in this alone.
  const HolderAccess* holder = nullptr;
};

// Where a member travels in the two REST protocols. The other protocols put every member in the body.
enum class Location : uint8_t { body, header, header_prefix, uri, query, status_code, payload };

// What the wire calls a member whose name there is not the model's, or which has a namespace of its own in XML.
struct WireName {
  std::string_view text;
  std::string_view xml_namespace = {};  // xmlns of the element, or empty
};

struct MemberDesc {
  std::string_view name;                 // the model's name, which json protocols use
  const TypeDesc* type;                  // nullptr for an unsupported member, which the C++ struct does not have
  const WireName* other_wire = nullptr;  // for wire() and xml_namespace(): nullptr if `name` is all there is
  uint16_t offset = 0;                   // of the holder in the C++ struct
  Location location = Location::body;
  TimestampFormat timestamp_format = TimestampFormat::protocol_default;  // of this member; this one defers to the type
  bool required = false;
  bool idempotency_token = false;
  bool streaming = false;
  bool xml_attribute = false;

  // The name in JSON (rest), XML, query, header or URI: locationName or `name`.
  std::string_view wire() const { return other_wire != nullptr ? other_wire->text : name; }
  std::string_view xml_namespace() const {
    return other_wire != nullptr ? other_wire->xml_namespace : std::string_view();
  }
  // Known to AWS, not honoured here: its presence in a request is refused (aws/validate.h).
  bool unsupported() const { return type == nullptr; }
  // The value, or nullptr if it is absent. REQUIRES: !unsupported().
  const void* get(const void* object) const {
    return type->holder->get(static_cast<const std::byte*>(object) + offset);
  }
  // Makes the member present with a default value and returns it. REQUIRES: !unsupported().
  void* emplace(void* object) const { return type->holder->emplace(static_cast<std::byte*>(object) + offset); }
};

struct StructDesc {
  std::string_view name;
  std::span<const MemberDesc> members;
  bool is_union = false;
  std::string_view xml_namespace = {};
  const MemberDesc* find(std::string_view member_name) const;  // by `name`; nullptr if there is none
};

// A member of a struct: std::optional<T>.
template <class T>
struct OptionalHolder {
  static const void* get(const void* holder) {
    const auto& optional = *static_cast<const std::optional<T>*>(holder);
    return optional.has_value() ? &*optional : nullptr;
  }
  static void* emplace(void* holder) { return &static_cast<std::optional<T>*>(holder)->emplace(); }
  static constexpr HolderAccess kAccess = {get, emplace};
};

// A member of a generated union (a struct with a std::variant member `value`): its alternative `I`. The holder is the
// whole union.
template <class U, std::size_t I>
struct AlternativeHolder {
  static const void* get(const void* holder) { return std::get_if<I>(&static_cast<const U*>(holder)->value); }
  static void* emplace(void* holder) { return &static_cast<U*>(holder)->value.template emplace<I>(); }
  static constexpr HolderAccess kAccess = {get, emplace};
};

template <class T>
constexpr ListAccess list_access(const TypeDesc* element, std::string_view element_name, bool flattened) {
  return {
      element,
      element_name,
      flattened,
      [](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
      [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const std::vector<T>*>(list))[i]; },
      [](void* list) -> void* { return &static_cast<std::vector<T>*>(list)->emplace_back(); }};
}

template <class V>
constexpr MapAccess map_access(const TypeDesc* value, std::string_view key_name, std::string_view value_name,
                               bool flattened, const TypeDesc* key = nullptr) {
  return {
      value,
      key_name,
      value_name,
      flattened,
      [](const void* map) { return static_cast<const Map<V>*>(map)->size(); },
      [](const void* map, std::size_t i) -> std::string_view { return static_cast<const Map<V>*>(map)->at(i).first; },
      [](const void* map, std::size_t i) -> const void* { return &static_cast<const Map<V>*>(map)->at(i).second; },
      [](void* map, std::string key_text) -> void* {
        V& slot = (*static_cast<Map<V>*>(map))[key_text];
        slot = V();
        return &slot;
      },
      [](void* map, std::string key_text) -> void* { return &static_cast<Map<V>*>(map)->append(std::move(key_text)); },
      [](void* map, std::size_t i) -> void* {
        V& slot = static_cast<Map<V>*>(map)->at(i).second;
        std::destroy_at(&slot);  // not assigned: GCC 12 warns falsely about the temporary of a large V
        return std::construct_at(&slot);
      },
      key};
}

// A value of some shape on the heap, with the description to walk it by. Not a std::shared_ptr, which would bring a
// class of its own, with its tables, for each shape.
struct AnyShape {
  using Value = std::unique_ptr<void, void (*)(void*)>;
  const StructDesc* desc = nullptr;
  Value value = Value(nullptr, nullptr);
};
template <class T>
void delete_shape(void* value) {
  delete static_cast<T*>(value);
}
template <class T>
AnyShape make_any_shape() {
  return {&T::desc(), {new T(), delete_shape<T>}};
}
template <class T>
AnyShape make_any_shape(T value) {
  return {&T::desc(), {new T(std::move(value)), delete_shape<T>}};
}

struct ErrorDesc {
  std::string_view code;        // the shape's name, as json protocols name it
  std::string_view query_code;  // the code of query protocols
  int http_status;
  base::Fault fault;
  const StructDesc* structure;  // its members beyond the message, or nullptr
  AnyShape (*make)();           // an empty detail value, or nullptr
};

struct OperationDesc {
  std::string_view name;
  std::string_view http_method;
  std::string_view uri;  // path template with {Label} and {Label+}, and after '?' the query keys that select it
  int http_status;
  const StructDesc* input;          // nullptr if the operation takes nothing
  const StructDesc* output;         // nullptr if it answers nothing
  std::string_view input_root;      // XML root element of the request body (rest-xml)
  std::string_view output_wrapper;  // "SendMessageResult" (query)
  std::string_view iam_action;      // "sqs:SendMessage"
  std::string_view iam_resource;    // ARN template, see aws/resource.h
  std::span<const ErrorDesc* const> errors;
  bool may_wait;             // it may park (aws/parking.h): ReceiveMessage, Invoke
  bool quick = false;        // with a small body it is done in less than a millisecond: an I/O thread carries it out
  bool checksum_required;    // rest-xml: the request must carry a checksum or Content-MD5 of its body
  AnyShape (*make_input)();  // {nullptr, nullptr} makers are never null: they make an empty struct
  AnyShape (*make_output)();
  // Calls the operation of the service class behind `service` (a pointer to that class). `in` is consumed.
  base::Result<void> (*call)(void* service, Context& context, void* in, void* out);
};

enum class Protocol : uint8_t { json_1_0, json_1_1, query, rest_json, rest_xml, cbor };  // cbor: Smithy's RPC v2

struct ServiceDesc {
  std::string_view id;            // "sqs": directory and namespace
  std::string_view service_id;    // "SQS", as AWS writes it
  std::string_view signing_name;  // "sqs", "monitoring", ...
  std::string_view endpoint_prefix;
  std::string_view api_version;       // "2012-11-05"
  std::string_view target_prefix;     // "AmazonSQS", json only
  std::string_view xml_namespace;     // of query and rest-xml answers
  std::string_view error_namespace;   // before '#' in __type, for example "com.amazonaws.sqs"
  std::string_view validation_code;   // of requests that break a constraint of the model: "ValidationException"
  std::string_view unsupported_code;  // of parameters that AWS takes and we do not: "InvalidParameterValue", ...
  int unsupported_status;
  std::span<const Protocol> protocols;  // the first is the one our own client speaks
  bool query_compatible;                // json errors carry x-amzn-query-error
  std::span<const OperationDesc> operations;
  const OperationDesc* find(std::string_view operation_name) const;  // nullptr if not generated
};

// Something that can carry out an operation described by a table: the client does it over a network, a forwarder does
// it on another implementation. The generated <Service>Caller classes turn typed calls into this.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  // `in` and `out` are values of operation.input and operation.output; `in` may be consumed.
  virtual base::Result<void> dispatch(const ServiceDesc& service, const OperationDesc& operation, Context& context,
                                      void* in, void* out) = 0;
};

// The extra members of an error, typed.
class ShapeDetail final : public base::ErrorDetail {
 public:
  explicit ShapeDetail(AnyShape shape) : shape_(std::move(shape)) {}
  [[nodiscard]] const AnyShape& shape() const { return shape_; }
  // The value if the detail is of type T, else nullptr.
  template <class T>
  static const T* find(const base::AwsError& error) {
    const auto* detail = dynamic_cast<const ShapeDetail*>(error.detail.get());
    return detail != nullptr && detail->shape_.desc == &T::desc() ? static_cast<const T*>(detail->shape_.value.get())
                                                                  : nullptr;
  }

 private:
  AnyShape shape_;
};

// An AwsError of the described kind.
base::AwsError make_error(const ErrorDesc& desc, std::string message);

}  // namespace aws
