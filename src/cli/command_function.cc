// till invoke, till deploy.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "aws/lambda/lambda.h"
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "pipeline/stack_kinds.h"

namespace cli {
namespace {

constexpr std::array<std::string_view, 4> kFunctions = {"ingest", "process", "sweep", "intake"};  // of the stack

bool is_of_stack(std::string_view name) {
  return std::ranges::find(kFunctions, name) != kFunctions.end();
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;  // an iterator of the buffer would throw at a directory
  bytes << in.rdbuf();
  return bytes.good() ? std::optional(std::move(bytes).str()) : std::nullopt;
}

struct Deployed {
  std::string function;
  std::string before;
  std::string after;
};

// `architecture`: of the code, if that is what the stack shall have and not the user's choice of the moment; else
// empty.
base::Result<Deployed> deploy_one(const pipeline::Site& site, const std::string& function, std::string_view zip,
                                  const std::string& architecture) {
  const bool is_ours = !architecture.empty();
  aws::lambda::GetFunctionConfigurationRequest get;
  get.function_name = function;
  aws::Context context = site.call();
  TRY_ASSIGN(const auto before, site.services.lambda.get_function_configuration(context, get));
  aws::lambda::UpdateFunctionCodeRequest update;
  update.function_name = function;
  update.zip_file = std::string(zip);
  if (is_ours) update.architectures = {architecture};
  // While another update is being carried out, Lambda refuses this one.
  TRY(pipeline::wait_for_function(site, function));
  aws::lambda::FunctionConfiguration updated;
  TRY(site.patience.call(
      "UpdateFunctionCode",
      [&]() -> base::Result<void> {
        TRY_ASSIGN(updated, site.services.lambda.update_function_code(context, update));
        return {};
      },
      [](const base::AwsError& error) { return pipeline::not_yet("lambda", "UpdateFunctionCode", error); }));
  TRY_ASSIGN(const auto after, pipeline::wait_for_function(site, function));
  if (after.state == "Failed" || after.last_update_status == "Failed")
    return base::fail({.code = "Failed", .message = after.last_update_status_reason.value_or("the update failed")});
  if (is_ours) TRY(pipeline::note_code(site, function, updated.code_sha256.value_or("")));
  return Deployed{function, before.code_sha256.value_or(""), updated.code_sha256.value_or("")};
}

}  // namespace

int invoke(const GlobalOptions& global, const std::string& function, const std::string& payload, bool event) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  const pipeline::Site& site = session->stack().site();
  aws::lambda::InvocationRequest request;
  request.function_name = is_of_stack(function) ? site.name(function) : function;
  request.invocation_type = event ? "Event" : "RequestResponse";
  if (!event) request.log_type = "Tail";
  request.payload = payload == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : payload;
  const std::string name = *request.function_name;
  aws::Context context = site.call();
  const auto answer = site.services.lambda.invoke(context, std::move(request));
  if (!answer.has_value()) return print_failure_of("function", name, answer.error());
  const std::string log = base::base64_decode(answer->log_result.value_or("")).value_or("");
  const std::string returned = answer->payload.value_or("");
  const std::string failure = answer->function_error.value_or("");
  if (global.json) {
    print_line(fmt::format("{{\"status_code\":{},\"function_error\":{},\"payload\":{},\"log\":{}}}",
                           answer->status_code.value_or(0), failure.empty() ? "null" : json_text(failure),
                           returned.empty() ? "null" : json_or_text(returned), json_text(log)));
  } else {
    if (!log.empty()) std::cerr << log << (log.ends_with('\n') ? "" : "\n");
    print_line(event ? "accepted" : returned);
  }
  if (failure.empty()) return kOk;
  print_error("function " + name + " failed (" + failure + ")");
  return kCheckFailed;
}

int deploy(const GlobalOptions& global, const std::vector<std::string>& functions, const std::string& zip_file) {
  std::string own_zip;
  if (!zip_file.empty()) {
    if (functions.size() != 1) {
      print_error("--zip: name the one function that gets it");
      return kUsage;
    }
    auto read = read_file(zip_file);
    if (!read.has_value() || read->empty()) {
      print_error(zip_file + ": cannot be read, or is empty");
      return kFailed;
    }
    own_zip = std::move(*read);
  }
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  if (const int wrong = own_zip.empty() ? check_packages(*session) : static_cast<int>(kOk); wrong != kOk) return wrong;
  if (const int other = own_zip.empty() ? check_same_definition(*session) : static_cast<int>(kOk); other != kOk)
    return other;
  const pipeline::Site& site = session->stack().site();
  std::string list;
  for (const std::string_view each : kFunctions) {
    if (!functions.empty() && std::ranges::find(functions, each) == functions.end()) continue;
    if (functions.empty() && each == "intake" && !session->stack().options().intake.has_value()) continue;
    const std::string name = site.name(each);
    const pipeline::StackOptions& options = session->stack().options();
    const auto done = own_zip.empty() ? deploy_one(site, name, options.zip_of(each), options.architecture_of(each))
                                      : deploy_one(site, name, own_zip, "");
    if (!done.has_value()) return print_failure_of("function", name, done.error());
    const bool same = done->before == done->after;
    if (global.json) {
      list += fmt::format("{}{{\"function\":{},\"code_sha256\":{},\"changed\":{}}}", list.empty() ? "" : ",",
                          json_text(name), json_text(done->after), !same);
    } else {
      print_line(fmt::format("function {} {}: {}", name, same ? "has that code already" : "updated", done->after));
    }
  }
  if (global.json) print_line("{\"functions\":[" + list + "]}");
  return kOk;
}

}  // namespace cli
