// What the templates (template.h) have in common, for their files alone, since it brings along nlohmann's JSON. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/stack_kinds.h"
#include "pipeline/template.h"

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

// What the senders of webhooks sign with.
const TemplateSecret& intake_secret();
// The first digits of a hash, for names that have to differ.
std::string short_hash(std::string_view text);
// The one that the subscription's endpoint is, of a subscription of the stack at `site`; nullopt: it is none.
std::optional<TemplateSecret> secret_of(const Site& site, const SubscriptionSpec& of);
// Its name in the stack, without a kind: "orders-dlq", and "process" of a function's log group.
std::string_view name_in_stack(const Site& site, std::string_view full);
// "orders-dlq" -> "OrdersDlq", as a logical ID has letters and digits only; -> "orders_dlq".
std::string in_camel_case(std::string_view name);
std::string in_snake_case(std::string_view name);

// `text` with `account` and `region` in the place of kAnyAccount and kAnyRegion.
std::string with_places(std::string_view text, std::string_view account, std::string_view region);
std::string replace_all(std::string text, std::string_view what, std::string_view by);

std::string write_template_json(const TemplateJson& document);
// YAML 1.1 in block style.
std::string write_template_yaml(const TemplateJson& document);

}  // namespace pipeline
