// XML text <-> described shapes: the part that query answers and rest-xml share. Reading uses pugixml (no DTD, no
// entities beyond the five, nesting at most 32), writing appends to a string. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/codec/scalar_text.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

constexpr std::size_t kXmlDepthMax = 32;
constexpr std::size_t kXmlTagsMax = 500'000;        // start and end tags; 10,000 parts with every checksum need 300,000
constexpr std::size_t kXmlBytesMax = 64ULL << 20U;  // callers may be stricter

// Appends `text` with & < > " and control characters escaped (CR as &#xD;, as SQS and S3 do). Bytes that are not UTF-8
// become U+FFFD.
void write_xml_text(std::string_view text, std::string& out);

// Appends the members of the structure as elements (not the structure's own tag), body members only.
void write_xml_members(const StructDesc& desc, const void* object, std::string& out,
                       IsoDates dates = IsoDates::as_needed);
// Appends one value as <name>...</name> (or, flattened, one element per list item).
void write_xml_element(const MemberDesc& member, const void* value, std::string& out,
                       IsoDates dates = IsoDates::as_needed);

// Fills the body members of `object` from the children of the document's root element; if `inside` is not empty, from
// the children of the root's child of that name (query's "SendMessageResult"). Of a response: unknown elements are
// skipped, and a single value that is empty is absent. Malformed text gives code "MalformedXML".
base::Result<void> read_xml(const StructDesc& desc, std::string_view text, std::string_view inside, void* object);
// Of a request whose root element is `root` (any, if that is empty). A present unsupported member gives code
// "Unsupported" with its path as message. Another root, an unknown element, a value that is no value of its type and a
// single member twice are malformed.
base::Result<void> read_xml_request(const StructDesc& desc, std::string_view text, std::string_view root, void* object);

// The parts of a document that need no description: errors, and GetBucketLocation's bare element.
struct XmlLeaves {
  std::string root;                                         // name of the root element
  std::string text;                                         // text of the root element
  std::vector<std::pair<std::string, std::string>> leaves;  // children without elements of their own, in order
};
// Of the root element; if `inside` is not empty, `leaves` are those of the root's child of that name. Malformed text
// gives code "MalformedXML".
base::Result<XmlLeaves> read_xml_leaves(std::string_view text, std::string_view inside);

}  // namespace aws::codec
