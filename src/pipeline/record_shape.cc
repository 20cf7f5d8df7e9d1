#include "pipeline/record_shape.h"

#include <algorithm>
#include <utility>

#include "aws/codec/json_shape.h"

namespace pipeline {

// A value, or an object of others; an array if the name of its only child is an index.
struct RecordShape::Node {
  std::string name = {};
  Field field = Field::none;
  std::vector<Node> children = {};
};

RecordShape::RecordShape(const Mapping& mapping) {
  Node root;
  add(root, mapping.transaction_id, Field::id);
  add(root, mapping.amount, Field::amount);
  add(root, mapping.currency, Field::currency);
  add(root, mapping.item, Field::item);
  add(root, mapping.customer, Field::customer);
  add(root, mapping.occurred_at, Field::time);
  add(root, mapping.version, Field::time);
  currency_ = !mapping.default_currency.empty() ? mapping.default_currency
              : !mapping.currencies.empty()     ? mapping.currencies.front()
                                                : "EUR";
  is_in_minor_units_ = mapping.amount_format.in_minor_units;
  is_text_ = mapping.amount_format.style == AmountFormat::Style::plain && !is_in_minor_units_;
  write(root);
  pieces_.push_back({std::exchange(literal_, {}), Field::none});
}

void RecordShape::add(Node& root, const FieldSource& source, Field field) {
  if (source.empty()) return;
  for (const FieldTemplate::Piece& piece : source.front().pieces()) {
    if (!piece.path.has_value()) continue;
    Node* node = &root;
    for (const std::string& step : piece.path->steps()) {
      const auto found = std::ranges::find(node->children, step, &Node::name);
      node = found != node->children.end() ? &*found : &node->children.emplace_back(Node{.name = step});
    }
    node->field = field;
  }
}

void RecordShape::write(const Node& node) {
  if (node.children.empty()) {
    pieces_.push_back({std::exchange(literal_, {}), node.field});
    return;
  }
  const bool is_array = node.children.size() == 1 && node.children.front().name == "0";
  literal_ += is_array ? '[' : '{';
  for (bool first = true; const Node& child : node.children) {
    if (!std::exchange(first, false)) literal_ += ',';
    if (!is_array) aws::codec::write_json_string(child.name, literal_);
    if (!is_array) literal_ += ':';
    write(child);
  }
  literal_ += is_array ? ']' : '}';
}

std::string RecordShape::record(const SyntheticOrder& order) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    switch (piece.field) {
      case Field::none:
        break;
      case Field::id:
        aws::codec::write_json_string(order.id, out);
        break;
      case Field::amount: {
        const std::string amount = is_in_minor_units_ ? std::to_string(order.cents) : money(order.cents);
        out += order.is_bad ? "\"none\"" : is_text_ ? "\"" + amount + "\"" : amount;
        break;
      }
      case Field::currency:
        aws::codec::write_json_string(currency_, out);
        break;
      case Field::item:
        aws::codec::write_json_string(order.item, out);
        break;
      case Field::customer:
        aws::codec::write_json_string(order.id + "@example.com", out);
        break;
      case Field::time:
        out += "\"2024-01-02T03:04:05Z\"";
        break;
    }
  }
  return out;
}

}  // namespace pipeline
