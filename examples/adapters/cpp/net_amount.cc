// A process function for a shop that writes down what was bought and, apart from it, the discount. A definition cannot
// calculate; this puts `net` = `gross` - `discount` at the end of each record, exactly, and leaves the rest to the
// pipeline's own code. A record that has no such numbers stays as it is.
#include <simdjson.h>

#include <memory>

#include "aws/codec/json_shape.h"
#include "base/decimal.h"
#include "functions/function_main.h"
#include "pipeline/process.h"

namespace {

std::optional<base::Decimal> amount(simdjson::dom::element record, std::string_view name) {
  std::string_view text;
  if (record[name].get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto read = base::Decimal::parse(text);
  return read.has_value() ? std::optional(*read) : std::nullopt;
}

std::string with_net_amount(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element record;
  if (parser.parse(body.data(), body.size()).get(record) != simdjson::SUCCESS) return std::string(body);
  const auto gross = amount(record, "gross");
  const auto discount = amount(record, "discount");
  if (!gross.has_value() || !discount.has_value()) return std::string(body);
  const auto net = gross->subtract(*discount);
  if (!net.has_value()) return std::string(body);
  const std::string_view open = body.substr(0, body.rfind('}'));
  return std::string(open) + ",\"net\":\"" + net->to_string() + "\"}";
}

// The event of the queue with other bodies; what is none comes back as it is.
std::string with_net_amounts(const std::string& event) {
  simdjson::dom::parser parser;
  simdjson::dom::array records;
  if (parser.parse(event)["Records"].get_array().get(records) != simdjson::SUCCESS) return event;
  std::string out = "{\"Records\":[";
  for (bool first = true; const simdjson::dom::element record : records) {
    simdjson::dom::object members;
    if (record.get_object().get(members) != simdjson::SUCCESS) return event;
    out += std::exchange(first, false) ? "{" : ",{";
    for (bool first_member = true; const auto& [name, value] : members) {
      if (!std::exchange(first_member, false)) out += ',';
      aws::codec::write_json_string(name, out);
      out += ':';
      std::string_view body;
      if (name == "body" && value.get_string().get(body) == simdjson::SUCCESS) {
        aws::codec::write_json_string(with_net_amount(body), out);
      } else {
        out += simdjson::minify(value);
      }
    }
    out += '}';
  }
  return out + "]}";
}

}  // namespace

int main() {
  return functions::run_function("process", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto process = std::make_shared<pipeline::Process>(tools.dynamodb, tools.sns, tools.sqs, tools.env, tools.config,
                                                       tools.definition);
    return [process](const runtime::Invocation& call) -> std::expected<std::string, runtime::InvocationError> {
      auto answer = process->handle(with_net_amounts(call.payload), call.deadline);
      if (!answer.has_value())
        return std::unexpected(runtime::InvocationError{"NetAmount.InvalidEvent", answer.error()});
      return std::move(answer->payload);
    };
  });
}
