#include "engine/dynamodb/table.h"

#include <algorithm>

#include "engine/arn.h"
#include "engine/record.h"

namespace engine::dynamodb {

namespace {

RecordWriter encode_throughput(const Throughput& t) {
  RecordWriter out;
  out.number(1, static_cast<uint64_t>(t.read_units)).number(2, static_cast<uint64_t>(t.write_units));
  if (t.last_increase) out.time(3, *t.last_increase);
  if (t.last_decrease) out.time(4, *t.last_decrease);
  return out;
}

bool decode_throughput(std::string_view bytes, Throughput& t) {
  RecordReader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        t.read_units = static_cast<int64_t>(r.number());
        break;
      case 2:
        t.write_units = static_cast<int64_t>(r.number());
        break;
      case 3:
        t.last_increase = r.time();
        break;
      case 4:
        t.last_decrease = r.time();
        break;
      default:
        break;
    }
  }
  return r.ok();
}

RecordWriter encode_schema(const KeySchema& schema) {
  RecordWriter out;
  out.text(1, schema.hash).text(2, schema.hash_type).text(3, schema.range).text(4, schema.range_type);
  return out;
}

bool decode_schema(std::string_view bytes, KeySchema& schema) {
  RecordReader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        schema.hash = r.text();
        break;
      case 2:
        schema.hash_type = r.text();
        break;
      case 3:
        schema.range = r.text();
        break;
      case 4:
        schema.range_type = r.text();
        break;
      default:
        break;
    }
  }
  return r.ok();
}

RecordWriter encode_index(const Index& index) {
  RecordWriter out;
  out.number(1, index.number).number(2, index.global ? 1 : 0).text(3, index.name);
  out.record(4, encode_schema(index.schema)).text(5, index.projection_type);
  for (const std::string& name : index.non_key_attributes) out.text(6, name);
  out.record(7, encode_throughput(index.throughput));
  if (index.filling) out.number(8, 1);
  return out;
}

bool decode_index(std::string_view bytes, Index& index) {
  RecordReader r(bytes);
  bool ok = true;
  while (r.next()) {
    switch (r.field()) {
      case 1:
        index.number = static_cast<uint32_t>(r.number());
        break;
      case 2:
        index.global = r.number() != 0;
        break;
      case 3:
        index.name = r.text();
        break;
      case 4:
        ok = decode_schema(r.text(), index.schema) && ok;
        break;
      case 5:
        index.projection_type = r.text();
        break;
      case 6:
        index.non_key_attributes.emplace_back(r.text());
        break;
      case 7:
        ok = decode_throughput(r.text(), index.throughput) && ok;
        break;
      case 8:
        index.filling = r.number() != 0;
        break;
      default:
        break;
    }
  }
  return r.ok() && ok;
}

}  // namespace

std::size_t Table::stripe_index(const ItemKey& key) const {
  return (key.hash ^ mixed_hash(key.sort)) % kStripesPerTable;
}

Stripe& Table::stripe_of(const ItemKey& key) {
  return stripes[stripe_index(key)];
}

const Index* Table::find_index(std::string_view index_name) const {
  const auto found = std::ranges::find(indexes, index_name, &Index::name);
  return found == indexes.end() ? nullptr : &*found;
}

const Index* Table::filling_index() const {
  const auto found = std::ranges::find(indexes, true, &Index::filling);
  return found == indexes.end() ? nullptr : &*found;
}

std::string Table::type_of(std::string_view attribute) const {
  for (const auto& [defined, type] : attribute_types)
    if (defined == attribute) return type;
  return {};
}

std::string Table::arn() const {
  return make_arn("dynamodb", region, account, "table/" + name);
}

bool Table::has_local_index() const {
  return std::ranges::any_of(indexes, [](const Index& i) { return !i.global; });
}

Count Table::count(uint32_t index_number) {
  Count sum;
  for (Stripe& stripe : stripes) {
    const std::lock_guard lock(stripe.mutex);
    const auto found = stripe.counts.find(index_number);
    if (found == stripe.counts.end()) continue;
    sum.items += found->second.items;
    sum.bytes += found->second.bytes;
  }
  return sum;
}

std::string Table::encode() const {
  RecordWriter out;
  out.number(1, number).text(2, account).text(3, region).text(4, name).text(5, id);
  out.record(6, encode_schema(schema));
  for (const auto& [attribute, type] : attribute_types) out.pair(7, attribute, type);
  for (const Index& index : indexes) out.record(8, encode_index(index));
  out.number(9, next_index_number).number(10, pay_per_request ? 1 : 0);
  if (became_pay_per_request) out.time(11, *became_pay_per_request);
  out.record(12, encode_throughput(throughput)).time(13, created);
  out.number(14, deletion_protection ? 1 : 0).text(15, table_class);
  for (const auto& [key, value] : tags) out.pair(16, key, value);
  if (!ttl_attribute.empty()) out.text(17, ttl_attribute);
  if (schema.order != ScanOrder::fnv) out.number(18, static_cast<uint64_t>(schema.order));
  if (managed_key) out.number(19, 1);
  return out.take();
}

bool Table::decode(std::string_view bytes) {
  RecordReader r(bytes);
  bool ok = true;
  uint64_t order = 0;  // what a record says that knows no other
  while (r.next()) {
    switch (r.field()) {
      case 1:
        number = r.number();
        break;
      case 2:
        account = r.text();
        break;
      case 3:
        region = r.text();
        break;
      case 4:
        name = r.text();
        break;
      case 5:
        id = r.text();
        break;
      case 6:
        ok = decode_schema(r.text(), schema) && ok;
        break;
      case 7:
        attribute_types.push_back(r.pair());
        break;
      case 8:
        ok = decode_index(r.text(), indexes.emplace_back()) && ok;
        break;
      case 9:
        next_index_number = static_cast<uint32_t>(r.number());
        break;
      case 10:
        pay_per_request = r.number() != 0;
        break;
      case 11:
        became_pay_per_request = r.time();
        break;
      case 12:
        ok = decode_throughput(r.text(), throughput) && ok;
        break;
      case 13:
        created = r.time();
        break;
      case 14:
        deletion_protection = r.number() != 0;
        break;
      case 15:
        table_class = r.text();
        break;
      case 16:
        tags.insert(r.pair());
        break;
      case 17:
        ttl_attribute = r.text();
        break;
      case 18:
        order = r.number();
        break;
      case 19:
        managed_key = r.number() != 0;
        break;
      default:
        break;
    }
  }
  schema.order = static_cast<ScanOrder>(order);
  for (Index& index : indexes) index.schema.order = schema.order;
  return r.ok() && ok && number != 0 && !schema.hash.empty() && order <= static_cast<uint64_t>(ScanOrder::md5);
}

std::string encode_counts(const Stripe& stripe) {
  RecordWriter out;
  for (const auto& [index, count] : stripe.counts)
    out.number(2 * index + 1, static_cast<uint64_t>(count.items))
        .number(2 * index + 2, static_cast<uint64_t>(count.bytes));
  return out.take();
}

bool decode_counts(std::string_view bytes, Stripe& stripe) {
  RecordReader r(bytes);
  while (r.next()) {
    if (r.field() == 0) return false;
    Count& count = stripe.counts[(r.field() - 1) / 2];
    (r.field() % 2 == 1 ? count.items : count.bytes) = static_cast<int64_t>(r.number());
  }
  return r.ok();
}

bool is_projected(const Table& table, const Index& index, std::string_view attribute) {
  return index.projection_type == "ALL" || table.schema.contains(attribute) || index.schema.contains(attribute) ||
         std::ranges::find(index.non_key_attributes, attribute) != index.non_key_attributes.end();
}

}  // namespace engine::dynamodb
