#include <charconv>
#include <cstring>
#include <pugixml.hpp>

#include "aws/codec/xml_shape.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

base::AwsError malformed() {
  base::AwsError error;
  error.code = "MalformedXML";
  error.message = "The XML you provided was not well-formed or did not validate against our published schema";
  return error;
}

base::AwsError unsupported(std::string path) {
  base::AwsError error;
  error.code = "Unsupported";
  error.message = std::move(path);
  return error;
}

// `reference` is what stands between '&' and ';'. pugixml would leave an unknown entity as it is and cut the text at
// &#0;, so both are refused here.
bool is_reference(std::string_view reference) {
  if (reference == "amp" || reference == "lt" || reference == "gt" || reference == "quot" || reference == "apos")
    return true;
  if (!reference.starts_with('#')) return false;
  reference.remove_prefix(1);
  const bool hex = reference.starts_with('x');
  if (hex) reference.remove_prefix(1);
  uint32_t point = 0;
  const auto [end, error] =
      std::from_chars(reference.data(), reference.data() + reference.size(), point, hex ? 16 : 10);
  return error == std::errc() && end == reference.data() + reference.size() && point != 0 && point <= 0x10FFFF &&
         (point < 0xD800 || point > 0xDFFF);
}

// What must hold before the text is given to pugixml: UTF-8, bounded, no DTD, no entities but the five.
bool is_acceptable(std::string_view text) {
  constexpr std::size_t kReferenceMax = 10;
  if (text.size() > kXmlBytesMax || text.find('\0') != std::string_view::npos || !base::is_utf8(text)) return false;
  std::size_t tags = 0;
  for (std::size_t i = text.find_first_of("<&"); i != std::string_view::npos; i = text.find_first_of("<&", i)) {
    const std::string_view rest = text.substr(i);
    std::string_view closing;
    if (rest.starts_with("<!--")) {
      closing = "-->";
    } else if (rest.starts_with("<![CDATA[")) {
      closing = "]]>";
    } else if (rest.starts_with("<?")) {
      closing = "?>";
    } else if (rest.starts_with("<!") || ++tags > kXmlTagsMax) {
      return false;
    }
    if (!closing.empty()) {
      const std::size_t end = rest.find(closing, 2);
      if (end == std::string_view::npos || ++tags > kXmlTagsMax) return false;
      i += end + closing.size();
    } else if (rest[0] == '&') {
      const std::size_t end = rest.substr(0, kReferenceMax).find(';');
      if (end == std::string_view::npos || !is_reference(rest.substr(1, end - 1))) return false;
      i += end;
    } else {
      ++i;
    }
  }
  return true;
}

bool is_blank(const char* text) {
  return std::strspn(text, " \t\r\n") == std::strlen(text);
}

// Without recursion, because the depth is not yet known.
bool is_shallow(const pugi::xml_node& root) {
  std::size_t depth = 1;
  pugi::xml_node node = root;
  while (true) {
    if (const pugi::xml_node child = node.first_child()) {
      if (++depth > kXmlDepthMax + 1) return false;  // one level more for the text of the deepest element
      node = child;
      continue;
    }
    while (node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (node == root) return true;
    node = node.next_sibling();
  }
}

// The name without its namespace prefix; clients choose prefixes as they like.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}

bool has_elements(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_element) return true;
  return false;
}

pugi::xml_node child_named(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_element && local_name(child) == name) return child;
  return {};
}

// The document's single root element, or nullopt.
base::Result<pugi::xml_node> parse(std::string_view text, pugi::xml_document& document) {
  if (!is_acceptable(text)) return base::fail(malformed());
  // parse_fragment shows text outside the root element, which would otherwise vanish.
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_fragment;
  if (!document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8)) return base::fail(malformed());
  pugi::xml_node root;
  for (const pugi::xml_node& node : document.children()) {
    const bool blank = node.type() == pugi::node_pcdata && is_blank(node.value());
    if ((node.type() != pugi::node_element && !blank) || (node.type() == pugi::node_element && root))
      return base::fail(malformed());
    if (node.type() == pugi::node_element) root = node;
  }
  if (!root || !is_shallow(root)) return base::fail(malformed());
  return root;
}

class Reader {
 public:
  explicit Reader(bool request) : request_(request) {}

  base::Result<void> members(const StructDesc& desc, const pugi::xml_node& node, const std::string& path,
                             void* object) const {
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      const MemberDesc* member = find_attribute(desc, attribute.name());
      if (member == nullptr || member->unsupported()) continue;
      if (!parse_scalar(*member->type, attribute.value(), member->emplace(object))) return base::fail(malformed());
    }
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element) {
        TRY(child_element(desc, child, path, object));
      } else if (request_ && !is_blank(child.value())) {
        return base::fail(malformed());
      }
    }
    return {};
  }

 private:
  static const MemberDesc* find_attribute(const StructDesc& desc, std::string_view name) {
    for (const MemberDesc& member : desc.members)
      if (member.xml_attribute && member.wire() == name) return &member;
    return nullptr;
  }

  // By wire name; in requests by the model's name too, because S3 takes <LambdaFunctionArn> for <CloudFunction>
  // (protocols.md 2.2).
  [[nodiscard]] const MemberDesc* find_element(const StructDesc& desc, std::string_view name) const {
    const MemberDesc* by_name = nullptr;
    for (const MemberDesc& member : desc.members) {
      if (member.location != Location::body || member.xml_attribute) continue;
      if (member.wire() == name) return &member;
      if (request_ && member.name == name) by_name = &member;
    }
    return by_name;
  }

  base::Result<void> child_element(const StructDesc& desc, const pugi::xml_node& child, const std::string& path,
                                   void* object) const {
    const MemberDesc* member = find_element(desc, local_name(child));
    if (member == nullptr) return unknown_element();
    const std::string member_path = path.empty() ? std::string(member->name) : path + '.' + std::string(member->name);
    if (member->unsupported()) {
      if (request_) return base::fail(unsupported(member_path));
      return {};
    }
    const TypeDesc& type = *member->type;
    const void* present = member->get(object);
    const bool repeats =
        (type.kind == Kind::list && type.list->flattened) || (type.kind == Kind::map && type.map->flattened);
    if (repeats) {
      void* container = present != nullptr ? const_cast<void*>(present) : member->emplace(object);
      if (type.kind == Kind::map) return map_entry(*type.map, child, member_path, container);
      return value(*type.list->element, child, member_path, type.list->append(container));
    }
    if (present != nullptr && request_) return base::fail(malformed());
    if (!request_ && is_scalar(type) && type.kind != Kind::string && child.text().empty()) return {};
    return value(type, child, member_path, member->emplace(object));
  }

  // A request that says something nobody reads would be accepted silently.
  [[nodiscard]] base::Result<void> unknown_element() const {
    if (request_) return base::fail(malformed());
    return {};
  }

  static bool is_scalar(const TypeDesc& type) { return type.list == nullptr && type.map == nullptr && !type.structure; }

  base::Result<void> map_entry(const MapAccess& map, const pugi::xml_node& node, const std::string& path,
                               void* container) const {
    const pugi::xml_node key = child_named(node, map.key_name);
    const pugi::xml_node entry = child_named(node, map.value_name);
    if (!key || !entry) return base::fail(malformed());
    return value(*map.value, entry, path, map.append(container, text_of(key)));
  }

  base::Result<void> value(const TypeDesc& type, const pugi::xml_node& node, const std::string& path,
                           void* place) const {
    switch (type.kind) {
      case Kind::list:
        for (const pugi::xml_node& child : node.children()) {
          if (child.type() != pugi::node_element) continue;
          if (local_name(child) == type.list->element_name) {
            TRY(value(*type.list->element, child, path, type.list->append(place)));
          } else {
            TRY(unknown_element());
          }
        }
        return {};
      case Kind::map:
        for (const pugi::xml_node& child : node.children())
          if (child.type() == pugi::node_element && local_name(child) == "entry")
            TRY(map_entry(*type.map, child, path, place));
        return {};
      case Kind::structure:
      case Kind::union_structure:
        return members(*type.structure, node, path, place);
      default:
        if (has_elements(node) || !parse_scalar(type, text_of(node), place)) return base::fail(malformed());
        return {};
    }
  }

  bool request_;
};

}  // namespace

base::Result<void> read_xml(const StructDesc& desc, std::string_view text, std::string_view inside, void* object) {
  pugi::xml_document document;
  TRY_ASSIGN(pugi::xml_node node, parse(text, document));
  if (!inside.empty()) {
    node = child_named(node, inside);
    if (!node) return base::fail(malformed());
  }
  return Reader(false).members(desc, node, "", object);
}

base::Result<void> read_xml_request(const StructDesc& desc, std::string_view text, std::string_view root,
                                    void* object) {
  pugi::xml_document document;
  TRY_ASSIGN(const pugi::xml_node node, parse(text, document));
  if (!root.empty() && local_name(node) != root) return base::fail(malformed());
  return Reader(true).members(desc, node, "", object);
}

base::Result<XmlLeaves> read_xml_leaves(std::string_view text, std::string_view inside) {
  pugi::xml_document document;
  TRY_ASSIGN(const pugi::xml_node root, parse(text, document));
  XmlLeaves leaves{std::string(local_name(root)), text_of(root), {}};
  const pugi::xml_node node = inside.empty() ? root : child_named(root, inside);
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_element && !has_elements(child))
      leaves.leaves.emplace_back(local_name(child), text_of(child));
  return leaves;
}

}  // namespace aws::codec
