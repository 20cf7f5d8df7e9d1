#include "engine/iam/records.h"

#include "engine/arn.h"
#include "engine/record.h"

namespace engine::iam {
namespace {

void write_entries(RecordWriter& writer, uint32_t field, const std::map<std::string, std::string>& entries) {
  for (const auto& [key, value] : entries) writer.pair(field, key, value);
}

enum class RoleField : uint32_t {
  account = 1,
  name = 2,
  path = 3,
  id = 4,
  created_at = 5,
  trust_document = 6,
  description = 7,
  max_session_duration = 8,
  tag = 9,               // repeated pair
  inline_document = 10,  // repeated pair: name and document
  attached_arn = 11,     // repeated
};

enum class PolicyField : uint32_t {
  account = 1,
  name = 2,
  path = 3,
  id = 4,
  description = 5,
  created_at = 6,
  updated_at = 7,
  default_version = 8,
  last_version = 9,
  version = 10,  // repeated: 1 number, 2 document, 3 created at
  tag = 11,      // repeated pair
};

template <class Field>
constexpr uint32_t number(Field field) {
  return static_cast<uint32_t>(field);
}

bool read_version(std::string_view bytes, std::map<uint64_t, PolicyRecord::Version>& versions) {
  uint64_t id = 0;
  PolicyRecord::Version version;
  RecordReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == 1) id = reader.number();
    if (reader.field() == 2) version.document = reader.text();
    if (reader.field() == 3) version.created_at = reader.time();
  }
  return reader.ok() && versions.emplace(id, std::move(version)).second;
}

}  // namespace

std::string RoleRecord::arn() const {
  return make_arn("iam", "", account, "role" + path + name);
}

std::string RoleRecord::encode() const {
  RecordWriter writer;
  writer.text(number(RoleField::account), account).text(number(RoleField::name), name);
  writer.text(number(RoleField::path), path).text(number(RoleField::id), id);
  writer.time(number(RoleField::created_at), created_at);
  writer.text(number(RoleField::trust_document), trust_document);
  if (description) writer.text(number(RoleField::description), *description);
  writer.number(number(RoleField::max_session_duration), static_cast<uint64_t>(max_session_duration_seconds));
  write_entries(writer, number(RoleField::tag), tags);
  write_entries(writer, number(RoleField::inline_document), inline_documents);
  for (const std::string& arn : attached_arns) writer.text(number(RoleField::attached_arn), arn);
  return writer.take();
}

std::optional<RoleRecord> RoleRecord::decode(std::string_view bytes) {
  RoleRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (static_cast<RoleField>(reader.field())) {
      case RoleField::account:
        out.account = reader.text();
        break;
      case RoleField::name:
        out.name = reader.text();
        break;
      case RoleField::path:
        out.path = reader.text();
        break;
      case RoleField::id:
        out.id = reader.text();
        break;
      case RoleField::created_at:
        out.created_at = reader.time();
        break;
      case RoleField::trust_document:
        out.trust_document = reader.text();
        break;
      case RoleField::description:
        out.description = std::string(reader.text());
        break;
      case RoleField::max_session_duration:
        out.max_session_duration_seconds = static_cast<int32_t>(reader.number());
        break;
      case RoleField::tag:
        if (!out.tags.insert(reader.pair()).second) return std::nullopt;
        break;
      case RoleField::inline_document:
        if (!out.inline_documents.insert(reader.pair()).second) return std::nullopt;
        break;
      case RoleField::attached_arn:
        out.attached_arns.emplace_back(reader.text());
        break;
    }
  }
  if (!reader.ok() || out.name.empty() || out.id.empty()) return std::nullopt;
  return out;
}

std::string PolicyRecord::arn() const {
  return make_arn("iam", "", account, "policy" + path + name);
}

std::string PolicyRecord::encode() const {
  RecordWriter writer;
  writer.text(number(PolicyField::account), account).text(number(PolicyField::name), name);
  writer.text(number(PolicyField::path), path).text(number(PolicyField::id), id);
  if (description) writer.text(number(PolicyField::description), *description);
  writer.time(number(PolicyField::created_at), created_at);
  writer.time(number(PolicyField::updated_at), updated_at);
  writer.number(number(PolicyField::default_version), default_version);
  writer.number(number(PolicyField::last_version), last_version);
  for (const auto& [version, content] : versions)
    writer.record(number(PolicyField::version),
                  std::move(RecordWriter().number(1, version).text(2, content.document).time(3, content.created_at)));
  write_entries(writer, number(PolicyField::tag), tags);
  return writer.take();
}

std::optional<PolicyRecord> PolicyRecord::decode(std::string_view bytes) {
  PolicyRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (static_cast<PolicyField>(reader.field())) {
      case PolicyField::account:
        out.account = reader.text();
        break;
      case PolicyField::name:
        out.name = reader.text();
        break;
      case PolicyField::path:
        out.path = reader.text();
        break;
      case PolicyField::id:
        out.id = reader.text();
        break;
      case PolicyField::description:
        out.description = std::string(reader.text());
        break;
      case PolicyField::created_at:
        out.created_at = reader.time();
        break;
      case PolicyField::updated_at:
        out.updated_at = reader.time();
        break;
      case PolicyField::default_version:
        out.default_version = reader.number();
        break;
      case PolicyField::last_version:
        out.last_version = reader.number();
        break;
      case PolicyField::version:
        if (!read_version(reader.text(), out.versions)) return std::nullopt;
        break;
      case PolicyField::tag:
        if (!out.tags.insert(reader.pair()).second) return std::nullopt;
        break;
    }
  }
  if (!reader.ok() || out.name.empty() || !out.versions.contains(out.default_version)) return std::nullopt;
  return out;
}

}  // namespace engine::iam
