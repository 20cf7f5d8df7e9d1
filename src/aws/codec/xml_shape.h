// XML text <-> described shapes: the part that query answers and rest-xml share. Reading uses pugixml (no DTD, no
// entities beyond the five, nesting at most 32), writing appends to a string. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

// Appends `text` with & < > " and CR escaped (CR as &#xD;, as SQS and S3 do).
void write_xml_text(std::string_view text, std::string& out);

// Appends the members of the structure as elements (not the structure's own tag), body members only.
void write_xml_members(const StructDesc& desc, const void* object, std::string& out);
// Appends one value as <name>...</name> (or, flattened, one element per list item).
void write_xml_element(const MemberDesc& member, const void* value, std::string& out);

// Fills the body members of `object` from the children of the document's root element; if `inside` is not empty, from
// the children of the root's child of that name (query's "SendMessageResult"). Unknown elements are skipped. In a
// request (`refuse_unsupported`) a present unsupported member gives code "Unsupported" with its path as message.
// Malformed text gives code "MalformedXML".
base::Result<void> read_xml(const StructDesc& desc, std::string_view text, std::string_view inside,
                            bool refuse_unsupported, void* object);

}  // namespace aws::codec
