// What the templates (template.h) have in common, for their files alone, since it brings along nlohmann's JSON. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "pipeline/stack_kinds.h"

namespace pipeline {

using TemplateJson = nlohmann::ordered_json;

// Visits a ResourceSpec: one lambda for each kind.
template <class... F>
struct EachKind : F... {
  using F::operator()...;
};
template <class... F>
EachKind(F...) -> EachKind<F...>;

// The file of a deployment package: "functions-0123456789abcdef.zip".
std::string package_file(std::string_view zip);

// A JSON text of ours.
TemplateJson parse_template_json(std::string_view text);
// Goes through a document and puts `change(text)` in the place of each text that is a value.
template <class Change>
TemplateJson with_texts(const TemplateJson& document, const Change& change) {
  if (document.is_string()) return change(document.get<std::string>());
  if (!document.is_structured()) return document;
  TemplateJson out = document;
  for (auto& value : out) value = with_texts(value, change);
  return out;
}
// Without a fraction where it has none.
TemplateJson number(double value);

// `text` with `account` and `region` in the place of kAnyAccount and kAnyRegion.
std::string with_places(std::string_view text, std::string_view account, std::string_view region);
std::string replace_all(std::string text, std::string_view what, std::string_view by);

std::string write_template_json(const TemplateJson& document);
// YAML 1.1 in block style.
std::string write_template_yaml(const TemplateJson& document);

}  // namespace pipeline
