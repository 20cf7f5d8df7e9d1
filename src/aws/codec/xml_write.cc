#include <fmt/format.h>

#include "aws/codec/xml_shape.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

constexpr std::string_view kSchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";

// The length of the well-formed UTF-8 sequence that `text` starts with, or 0.
std::size_t sequence_length(std::string_view text) {
  for (std::size_t n = 2; n <= 4 && n <= text.size(); ++n)
    if (base::is_utf8(text.substr(0, n))) return n;
  return 0;
}

class Writer {
 public:
  Writer(IsoDates dates, std::string& out) : dates_(dates), out_(out) {}

  void members(const StructDesc& desc, const void* object) {
    for (const MemberDesc& member : desc.members) {
      if (member.location != Location::body || member.unsupported() || member.xml_attribute) continue;
      if (const void* value = member.get(object)) element(member, value);
    }
  }

  void element(const MemberDesc& member, const void* value) {
    const TypeDesc& type = *member.type;
    if (type.kind == Kind::list && type.list->flattened) {
      items(member.wire(), type, member.timestamp_format, value);
    } else if (type.kind == Kind::map && type.map->flattened) {
      entries(member.wire(), *type.map, value);
    } else {
      tagged(member.wire(), member.xml_namespace(), type, member.timestamp_format, value);
    }
  }

 private:
  void items(std::string_view name, const TypeDesc& type, TimestampFormat format, const void* list) {
    for (std::size_t i = 0; i < type.list->size(list); ++i)
      tagged(name, {}, *type.list->element, format, type.list->at(list, i));
  }

  void entries(std::string_view name, const MapAccess& map, const void* value) {
    for (std::size_t i = 0; i < map.size(value); ++i) {
      out_.append("<").append(name).append("><").append(map.key_name).append(">");
      write_xml_text(map.key_at(value, i), out_);
      out_.append("</").append(map.key_name).append(">");
      tagged(map.value_name, {}, *map.value, TimestampFormat::protocol_default, map.value_at(value, i));
      out_.append("</").append(name).append(">");
    }
  }

  // Attributes of the structure (S3's Grantee has xsi:type) and the declaration of their prefix or of a namespace.
  void attributes(std::string_view xml_namespace, const TypeDesc& type, const void* value) {
    const bool structured = type.kind == Kind::structure;
    if (structured) {
      for (const MemberDesc& member : type.structure->members) {
        if (!member.xml_attribute || member.unsupported()) continue;
        const void* attribute = member.get(value);
        if (attribute == nullptr) continue;
        if (const std::size_t colon = member.wire().find(':'); colon != std::string_view::npos)
          out_ += fmt::format(" xmlns:{}=\"{}\"", member.wire().substr(0, colon), kSchemaInstance);
        out_.append(" ").append(member.wire()).append("=\"");
        scalar(*member.type, member.timestamp_format, attribute);
        out_ += '"';
      }
    }
    if (xml_namespace.empty() && structured) xml_namespace = type.structure->xml_namespace;
    if (!xml_namespace.empty() && xml_namespace != kSchemaInstance)
      out_.append(" xmlns=\"").append(xml_namespace).append("\"");
  }

  void scalar(const TypeDesc& type, TimestampFormat format, const void* value) {
    if (type.kind == Kind::string) {
      write_xml_text(*static_cast<const std::string*>(value), out_);
    } else {  // no other scalar's text needs escapes
      append_scalar(type, timestamp_format(format, type, TimestampFormat::iso8601), dates_, value, out_);
    }
  }

  void tagged(std::string_view name, std::string_view xml_namespace, const TypeDesc& type, TimestampFormat format,
              const void* value) {
    out_.append("<").append(name);
    attributes(xml_namespace, type, value);
    out_ += '>';
    switch (type.kind) {
      case Kind::list:
        items(type.list->element_name, type, format, value);
        break;
      case Kind::map:
        entries("entry", *type.map, value);
        break;
      case Kind::structure:
      case Kind::union_structure:
        members(*type.structure, value);
        break;
      default:
        scalar(type, format, value);
    }
    out_.append("</").append(name).append(">");
  }

  IsoDates dates_;
  std::string& out_;
};

}  // namespace

void write_xml_text(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c < 0x20 && c != '\n' && c != '\t') {
      out += fmt::format("&#x{:X};", c);
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (const std::size_t n = sequence_length(text.substr(i, 4)); n != 0) {
      out += text.substr(i, n);
      i += n - 1;
    } else {
      out += "\xEF\xBF\xBD";
    }
  }
}

void write_xml_members(const StructDesc& desc, const void* object, std::string& out, IsoDates dates) {
  Writer(dates, out).members(desc, object);
}

void write_xml_element(const MemberDesc& member, const void* value, std::string& out, IsoDates dates) {
  Writer(dates, out).element(member, value);
}

}  // namespace aws::codec
