#include "cli/own_reply.h"

#include "aws/codec/json_shape.h"

namespace cli {

aws::http::Response json_reply(int status, std::string body) {
  aws::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

aws::http::Response refusal_reply(int status, std::string_view message) {
  std::string body = "{\"message\":";
  aws::codec::write_json_string(message, body);
  return json_reply(status, body + "}");
}

}  // namespace cli
