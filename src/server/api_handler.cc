#include "server/api_handler.h"

#include <algorithm>
#include <exception>

#include "aws/auth/chunked.h"
#include "aws/codec/body_checksum.h"
#include "aws/codec/codec.h"
#include "aws/codec/query.h"
#include "aws/resource.h"
#include "aws/validate.h"
#include "server/body_size.h"
#include "server/content_encoding.h"
#include "server/request_id.h"
#include "server/upload.h"

namespace server {
namespace {

using aws::Protocol;
using aws::http::Request;
using aws::http::Response;

base::AwsError access_denied(const aws::ServiceDesc& service, const aws::OperationDesc& operation, Protocol protocol,
                             const aws::Context& context, std::string_view action, std::string_view resource) {
  base::AwsError error;
  const bool json = protocol == Protocol::json_1_0 || protocol == Protocol::json_1_1 || protocol == Protocol::cbor;
  error.code = json || protocol == Protocol::rest_json ? "AccessDeniedException" : "AccessDenied";
  error.query_code = "AccessDenied";
  error.http_status = json && !service.query_compatible ? 400 : 403;
  error.message = aws::auth::denial_text(context, action, resource);
  // A service whose model has an error for it uses that one (SNS).
  for (const aws::ErrorDesc* own : operation.errors) {
    if (own->code != "AuthorizationErrorException") continue;
    error.code = own->code;
    error.query_code = own->query_code;
  }
  return error;
}

// Replaces an aws-chunked body by what it carries; its trailers become headers, and "aws-chunked" goes from
// Content-Encoding, which is then the object's own.
base::Result<void> unwrap_chunked(Request& request, const aws::auth::Authenticated& caller) {
  const aws::auth::PayloadMode mode = caller.payload_mode();
  if (mode == aws::auth::PayloadMode::signed_body || mode == aws::auth::PayloadMode::unsigned_body) return {};
  aws::auth::ChunkedBody chunked;
  if (auto* upload = Uploaded::of(request)) {
    chunked.trailers = std::move(upload->trailers);
  } else {
    TRY_ASSIGN(chunked, aws::auth::decode_chunked(request, caller));
  }
  request.body = std::move(chunked.body);
  for (auto& [name, value] : chunked.trailers) request.headers.add(std::move(name), std::move(value));
  std::string kept;
  std::string_view rest = request.headers.get("Content-Encoding");
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (!item.empty() && item != "aws-chunked") kept.append(kept.empty() ? "" : ",").append(item);
  }
  request.headers.erase("Content-Encoding");
  if (!kept.empty()) request.headers.add("Content-Encoding", std::move(kept));
  return {};
}

// Nothing in it claims to come from somebody: a request with a wrong signature is not one without.
bool is_unsigned(const Request& request) {
  const std::string_view query = request.query();
  return !request.headers.contains("Authorization") && !request.headers.contains("X-Amz-Security-Token") &&
         query.find("X-Amz-") == std::string_view::npos;
}

base::AwsError internal_failure() {
  base::AwsError error;
  error.code = "InternalFailure";
  error.message = "The request processing has failed because of an unknown error, exception or failure.";
  error.http_status = 500;
  error.fault = base::Fault::receiver;
  return error;
}

// With a larger body even digests and decoding take too long for an I/O thread; what a compressed one holds is not
// known.
constexpr std::size_t kQuickBodyBytesMax = 64 * 1024;

bool is_quick(const aws::OperationDesc& operation, const Request& request) {
  return operation.quick && request.body.size() <= kQuickBodyBytesMax && !request.headers.contains("Content-Encoding");
}

// In the service's own words if it has some for a failure that passes; every client knows the status.
base::AwsError disk_full(const aws::OperationDesc& operation) {
  base::AwsError error;
  error.code = "ServiceUnavailable";
  error.http_status = 503;
  error.fault = base::Fault::receiver;
  for (const aws::ErrorDesc* own : operation.errors) {
    if (!own->code.starts_with("ServiceUnavailable")) continue;
    error.code = own->code;
    error.query_code = own->query_code;
  }
  error.message =
      "The disk that this engine keeps its data on is nearly full. Nothing was changed. Reads and deletes go on, and "
      "this succeeds when there is room again.";
  return error;
}

base::AwsError slow_down() {
  base::AwsError error;
  error.code = "ThrottlingException";
  error.query_code = "Throttling";
  error.message = "Rate exceeded";
  return error;
}

}  // namespace

struct ApiHandler::Call {
  Request request;
  aws::http::Responder respond;
  Route route;
  std::string request_id;
  bool is_unsigned = false;
  bool on_io_thread = false;
  // From prepare() on:
  bool prepared = false;
  aws::Context context = {};
  aws::AnyShape in = {};
  aws::AnyShape out = {};
  std::shared_ptr<ParkingLot::Place> place = {};  // null unless the operation may wait
  RequestRecord record = {};
  base::Timestamp step_begun = {};

  // Services that speak nothing but query answer in JSON to who asks for it.
  [[nodiscard]] const aws::codec::Codec& codec() const {
    const aws::ServiceDesc& service = *route.mount->desc;
    const bool json = route.protocol == Protocol::query && service.protocols.size() == 1 &&
                      request.headers.get("Accept") == "application/json";
    return json ? aws::codec::query_json_codec() : aws::codec::codec_for(service, route.protocol);
  }
};

void ApiHandler::begin_record(Call& call, base::Timestamp begun) {
  call.step_begun = begun;
  call.record.service = call.route.mount->desc->id;
  call.record.operation = call.route.operation->name;
  call.record.request_id = call.request_id;
  call.record.caller = claimed_key_id(call.request);
  call.record.peer = call.request.peer;
  call.record.bytes_in = call.request.body.size();
}

ApiHandler::ApiHandler(std::vector<Mount> mounts, aws::auth::Verifier& verifier, aws::auth::Authorizer& authorizer,
                       ReplyGate& gate, base::Env& env, Options options)
    : router_(std::move(mounts)),
      verifier_(verifier),
      authorizer_(authorizer),
      gate_(gate),
      env_(env),
      options_(std::move(options)),
      parking_(env, workers_, options_.parked_calls_max),
      workers_(env, {options_.workers_max, options_.queued_calls_max}) {}

ApiHandler::~ApiHandler() {
  parking_.stop();
}

Response ApiHandler::health(const std::vector<PartState>& parts) const {
  Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = "{\"services\":{";
  for (const Mount& mount : router_.mounts())
    response.body.append(&mount == router_.mounts().data() ? "\"" : ",\"")
        .append(mount.desc->id)
        .append("\":\"running\"");
  response.body.append("},\"edition\":\"tillstream\",\"version\":\"").append(options_.version);
  response.body.append("\",\"instance\":\"").append(options_.instance).append("\"");
  constexpr std::string_view kStates[] = {"ok", "warning", "ill"};
  for (const PartState& part : parts) {
    if (part.state == PartState::State::ill) response.status = 503;
    response.body.append(&part == parts.data() ? ",\"parts\":{\"" : ",\"").append(part.part);
    response.body.append("\":{\"state\":\"").append(kStates[static_cast<std::size_t>(part.state)]);
    response.body.append("\",\"reason\":\"").append(part.reason).append("\"}");
  }
  response.body.append(parts.empty() ? "}" : "}}");
  return response;
}

// Whoever is to say how the engine does may look at a disk, so a worker does.
void ApiHandler::answer_health(const aws::http::Responder& respond) {
  const auto answer = [this, respond] {
    std::vector<PartState> parts = options_.parts ? options_.parts() : std::vector<PartState>();
    parts.push_back({"workers"});
    respond(health(parts));
  };
  if (workers_.run(answer)) return;
  respond(
      health({{"workers", PartState::State::ill,
               "all threads are busy and no more calls may wait for one; the log of slow requests (--log warn) says "
               "what holds them up"}}));
}

void ApiHandler::handle(Request request, aws::http::Responder respond) {
  // Nothing of a request may end an I/O thread; a responder that goes unanswered closes the connection.
  (void)contain("dispatch", [&]() -> base::Result<void> {
    take(std::move(request), std::move(respond));
    return {};
  });
}

void ApiHandler::take(Request request, aws::http::Responder respond) {
  const std::string_view path = request.path();
  if (request.method == "GET" || request.method == "HEAD") {
    if (path == "/_localstack/health") return respond(health({}));
    if (path == "/_till/health") return answer_health(respond);
  }
  if (request.method == "GET" && options_.document) {
    if (auto document = options_.document(path)) return respond(std::move(*document));
  }
  const base::Timestamp begun = options_.watch ? options_.watch->stopwatch->now() : base::Timestamp();
  auto route = router_.route(request);
  if (!route.has_value()) {
    const RouteError& wrong = route.error();
    const aws::ServiceDesc& voice = wrong.service != nullptr ? *wrong.service : *router_.mounts().front().desc;
    const Protocol protocol = wrong.service != nullptr ? wrong.protocol : voice.protocols.front();
    std::string id = make_request_id(env_.random, voice, protocol);
    Response reply = aws::codec::codec_for(voice, protocol).encode_error(voice, wrong.error, id);
    tell_unrouted(request, wrong, reply.status, std::move(id));
    return respond(std::move(reply));
  }
  std::string id = make_request_id(env_.random, *route->mount->desc, route->protocol);
  auto call = std::make_shared<Call>(Call{std::move(request), std::move(respond), std::move(*route), std::move(id)});
  if (options_.watch) begin_record(*call, begun);
  call->on_io_thread = options_.quick_on_io_threads && is_quick(*call->route.operation, call->request);
  call->on_io_thread ? serve(call) : give_to_worker(call);
}

void ApiHandler::give_to_worker(const std::shared_ptr<Call>& call) {
  if (workers_.run([this, call] { serve_on_worker(call); })) return;
  answer_refused(*call, slow_down());
}

void ApiHandler::answer_refused(Call& call, const base::AwsError& error) {
  Response reply = refusal(call, error);
  if (options_.watch) {
    end_step(call, Step::worker);
    call.record.status = reply.status;
    call.record.fail(error);
    options_.watch->tell(call.record);
  }
  call.respond(std::move(reply));
}

void ApiHandler::tell_unrouted(const Request& request, const RouteError& wrong, int status,
                               std::string request_id) const {
  if (!options_.watch) return;
  RequestRecord record;
  if (wrong.service != nullptr && !wrong.service->operations.empty()) record.service = wrong.service->id;
  record.request_id = std::move(request_id);
  record.caller = claimed_key_id(request);
  record.peer = request.peer;
  record.status = status;
  record.bytes_in = request.body.size();
  record.refusal = Refusal::route;
  record.fail(wrong.error);
  record.reason = record.message;
  options_.watch->tell(record);
}

void ApiHandler::end_step(Call& call, Step step) const {
  if (!options_.watch) return;
  const base::Timestamp now = options_.watch->stopwatch->now();
  call.record.steps[static_cast<std::size_t>(step)] += now - call.step_begun;
  call.step_begun = now;
}

void ApiHandler::serve_on_worker(const std::shared_ptr<Call>& call) {
  end_step(*call, call->prepared ? Step::parked : Step::worker);
  (void)contain(call->route.operation->name, [&]() -> base::Result<void> {
    serve(call);
    return {};
  });
}

void ApiHandler::serve(const std::shared_ptr<Call>& call) {
  base::Result<void> done = contain(call->route.operation->name, [&]() -> base::Result<void> {
    if (!call->prepared) TRY(prepare(*call));
    return carry_out(*call);
  });
  end_step(*call, call->prepared ? Step::operation : Step::decode);
  if (call->on_io_thread && !done && done.error().code == aws::kTooLongForIoThread) {
    call->on_io_thread = false;
    call->prepared = false;  // the operation has used its input up
    return give_to_worker(call);
  }
  if (call->place != nullptr) {
    const auto settled = parking_.settle(*call->place, [this, call] { serve_on_worker(call); });
    if (settled == ParkingLot::Settled::parked) return;  // and may run elsewhere by now
    if (settled == ParkingLot::Settled::refused) done = base::fail(slow_down());
  }
  answer(*call, std::move(done));
}

// The gate may let an answer go when the handler is no more.
void ApiHandler::answer(Call& call, base::Result<void> done) {
  Response reply = reply_to(call, done);
  if (!options_.watch) {
    return gate_.release(
        [respond = std::move(call.respond), reply = std::move(reply)]() mutable { respond(std::move(reply)); });
  }
  end_step(call, Step::encode);
  call.record.status = reply.status;
  if (!done) call.record.fail(done.error());
  gate_.release([respond = std::move(call.respond), reply = std::move(reply), watch = options_.watch,
                 record = std::move(call.record), begun = call.step_begun]() mutable {
    record.steps[static_cast<std::size_t>(Step::disk)] = watch->stopwatch->now() - begun;
    watch->tell(record);
    respond(std::move(reply));
  });
}

base::Result<void> ApiHandler::contain(std::string_view operation,
                                       const std::function<base::Result<void>()>& body) const {
  std::string what;
  try {
    return body();
  } catch (const std::exception& exception) {
    what = exception.what();
  }
  if (options_.log) options_.log(std::string(operation) + " failed, which is a bug or a lack of memory: " + what);
  return base::fail(internal_failure());
}

Response ApiHandler::reply_to(Call& call, base::Result<void>& done) const {
  Response reply;
  if (done) {
    done = contain(call.route.operation->name, [&]() -> base::Result<void> {
      reply = call.codec().encode_response(*call.route.mount->desc, *call.route.operation, call.out.value.get(),
                                           call.request_id);
      return {};
    });
  }
  return done ? std::move(reply) : refusal(call, done.error());
}

Response ApiHandler::refusal(const Call& call, const base::AwsError& error) {
  const aws::ServiceDesc& service = *call.route.mount->desc;
  Response response = call.codec().encode_error(service, error, call.request_id);
  // A status of the query protocol is for callers that know that protocol's errors (protocols.md 1.3).
  const bool query_status = call.route.protocol == Protocol::query || !service.query_compatible ||
                            call.request.headers.contains("x-amzn-query-mode");
  if (response.status == 404 && !query_status) response.status = 400;
  return response;
}

base::Result<aws::Context> ApiHandler::authenticate(Call& call) {
  const aws::ServiceDesc& service = *call.route.mount->desc;
  aws::Context context;
  context.now = env_.clock.now();
  context.request_id = call.request_id;
  context.endpoint = "http://" + std::string(call.request.headers.get("Host"));
  context.trace_header = call.request.headers.get("X-Amzn-Trace-Id");
  context.caller_gone = call.request.hangup;
  if (call.route.mount->serves_unsigned(call.route.operation->name) && is_unsigned(call.request)) {
    context.principal.kind = aws::Principal::Kind::role;  // of nobody: it has no account
    call.is_unsigned = true;
    return context;
  }
  const base::Timestamp signed_now = options_.clients_clock != nullptr ? options_.clients_clock->now() : context.now;
  Uploaded* const upload = Uploaded::of(call.request);  // verified when it began to arrive
  TRY_ASSIGN(const aws::auth::Authenticated caller,
             upload != nullptr ? upload->caller
                               : verifier_.verify(call.request, service.signing_name, signed_now, context.now));
  if (upload != nullptr) context.body = std::move(upload->body);
  TRY(unwrap_chunked(call.request, caller));
  if (call.route.protocol != Protocol::rest_xml)
    TRY(decode_content_encoding(call.request, call.route.mount->body_bytes_max));
  context.account = caller.principal().account;
  context.region = caller.region();
  context.principal = caller.principal();
  if (options_.watch) {
    call.record.caller = context.principal.arn;
    call.record.account = context.account;
    call.record.region = context.region;
    if (upload != nullptr && context.body != nullptr) call.record.bytes_in = context.body->size();
  }
  return context;
}

base::Result<void> ApiHandler::authorize(Call& call, const aws::Context& context, const void* in) {
  if (call.is_unsigned || context.principal.kind == aws::Principal::Kind::root) return {};
  const aws::OperationDesc& operation = *call.route.operation;
  const std::optional<aws::Access> access = aws::access_of(operation, in, context);
  if (!access || authorizer_.allows(context, access->action, access->resources)) return {};
  const std::string resource = access->resources.empty() ? "*" : access->resources.front();
  if (options_.watch) {
    const bool denied = authorizer_.denies(context, access->action, access->resources);
    call.record.refusal = Refusal::policy;
    call.record.refusal_kind = denied ? "explicit_deny" : "not_allowed";
    call.record.reason =
        context.principal.arn + " may not " + access->action + " on " + resource +
        (denied ? ": a Deny statement of its policies applies" : ": no statement of its policies allows it");
  }
  return base::fail(
      access_denied(*call.route.mount->desc, operation, call.route.protocol, context, access->action, resource));
}

base::Result<void> ApiHandler::prepare(Call& call) {
  const aws::ServiceDesc& service = *call.route.mount->desc;
  const aws::OperationDesc& operation = *call.route.operation;
  TRY(check_body_size(*call.route.mount, operation, call.request.body.size()));
  auto context = authenticate(call);
  end_step(call, Step::authenticate);
  if (!context) return base::fail(std::move(context).error());
  call.context = std::move(*context);
  if (call.route.protocol == Protocol::rest_xml) TRY(aws::codec::check_body_checksum(service, operation, call.request));
  call.context.on_io_thread = call.on_io_thread;
  call.in = operation.make_input();
  call.out = operation.make_output();
  TRY(call.codec().decode_request(service, operation, call.request, call.route.labels, call.in.value.get()));
  TRY(authorize(call, call.context, call.in.value.get()));
  TRY(aws::validate(service, operation, call.in.value.get()));
  if (options_.accepts_data && !options_.accepts_data() && options_.adds_data(operation, call.in.value.get()))
    return base::fail(disk_full(operation));
  call.prepared = true;
  end_step(call, Step::decode);
  if (!operation.may_wait) return {};
  call.place = std::make_shared<ParkingLot::Place>(parking_);
  call.context.parking = call.place.get();
  if (call.request.hangup) call.request.hangup->on_gone(call.place->waker());
  return {};
}

base::Result<void> ApiHandler::carry_out(Call& call) {
  if (call.place != nullptr && call.place->state != nullptr) call.context.now = env_.clock.now();
  return call.route.operation->call(call.route.mount->service, call.context, call.in.value.get(), call.out.value.get());
}

}  // namespace server
