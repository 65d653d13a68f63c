// XML as AWS answers with it: elements and text. No documents types, no processing beyond the five entities and
// characters by number; attributes and namespaces are passed over. Pure; any thread.
// Limits: 8 MiB of text, 64 levels, 100,000 elements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace carillon::aws {

struct XmlElement {
  std::string name;  // without its namespace's prefix
  std::string text;  // its own, without that of its children
  std::vector<XmlElement> children = {};

  // The first child with this name, or null.
  const XmlElement* child(std::string_view child_name) const;
  // Down a path of first children: "Error/Code". Empty if it is not there.
  std::string value(std::string_view path) const;
  const XmlElement* find(std::string_view path) const;
  std::vector<const XmlElement*> all(std::string_view child_name) const;
};

// The root. Io for what is not well-formed, has a document type, or goes beyond the limits.
Result<XmlElement> parse_xml(std::string_view text);

}  // namespace carillon::aws
