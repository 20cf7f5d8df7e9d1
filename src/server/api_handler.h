// ApiHandler: HTTP bytes in, HTTP bytes out, for any set of implementations of the AWS API: route, authenticate,
// decode, authorise, validate, call, encode. (Policies name resources, and those are known only after decoding, so
// authorisation follows it.) It knows no service by name. What is small and quick is carried out on the I/O thread that
// brought it, everything else on workers; a call that waits holds no thread (parking_lot.h). Owned by the composition
// root; safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/authorizer.h"
#include "aws/auth/verify.h"
#include "aws/http/message.h"
#include "base/env.h"
#include "server/parking_lot.h"
#include "server/request_record.h"
#include "server/router.h"
#include "server/worker_pool.h"

namespace server {

// Holds a reply back until everything it may rest on is durable.
class ReplyGate {
 public:
  virtual ~ReplyGate() = default;
  // Calls `send` once every write made so far would survive a crash; at once if that holds already.
  virtual void release(std::function<void()> send) = 0;
};

// How a part of the engine does, for the health route.
struct PartState {
  enum class State : uint8_t { ok, warning, ill };  // ill: what it does has stopped
  std::string_view part;                            // static
  State state = State::ok;
  std::string reason = {};  // for people, what to do included; empty if it is well
};

class ApiHandler final : public aws::http::Handler {
 public:
  struct Options {
    std::string version;                    // of the product, for the health route
    std::string instance = {};              // of the process, for the health route: no other has the same
    std::size_t workers_max = 64;           // threads for what is not quick
    std::size_t queued_calls_max = 4'096;   // that wait for a worker; more are throttled
    std::size_t parked_calls_max = 20'000;  // long polls and invocations at the same time; more are throttled
    // False: workers carry out quick operations, too, because something slow stands before the services.
    bool quick_on_io_threads = true;
    // Told of a call that a bug or a lack of memory has ended, for the operator: one line.
    std::function<void(std::string_view line)> log = {};
    // The clock that clients sign by, if it is not that of `env`. Outlives the handler.
    base::Clock* clients_clock = nullptr;
    // What stands at a path that belongs to no API (the certificate that SNS signs with, a function's code), or
    // nullopt. Called for every GET, on I/O threads: it must be quick to say no.
    std::function<std::optional<aws::http::Response>(std::string_view path)> document = {};
    // Who is told of each request, but for those to the health route and to documents. Null: nobody; steps are then not
    // measured.
    std::shared_ptr<const RequestWatch> watch = {};
    // The parts that /_till/health tells of beside the workers; called on a worker.
    std::function<std::vector<PartState>()> parts = {};
    // Whether the disk has room for a piece of a large body; asked before each is written, on workers.
    std::function<bool()> has_room = {};
    // Whether there is room for more data at all, and whether an operation adds any; quick. Those that do are refused
    // without, by an error that clients take for one that passes, and the health route says so. Both or neither.
    std::function<bool()> accepts_data = {};
    std::function<bool(const aws::OperationDesc& operation, const void* in)> adds_data = {};
  };

  // All references outlive the handler.
  ApiHandler(std::vector<Mount> mounts, aws::auth::Verifier& verifier, aws::auth::Authorizer& authorizer,
             ReplyGate& gate, base::Env& env, Options options);
  // Ends when running calls have; those that wait are dropped, unanswered.
  ~ApiHandler() override;

  // Large bodies (admission.cc): refuses those that would be refused anyway, by size and by what of the signature can
  // be verified, and gives those that a service wants to have while they arrive to its BodySpool.
  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override;
  void handle(aws::http::Request request, aws::http::Responder respond) override;
  // Calls that wait at this moment, without a thread.
  std::size_t parked_calls() { return parking_.size(); }
  WorkerPool::Load worker_load() { return workers_.load(); }
  // Runs `work`, of which there is at most one piece for each connection, on a worker.
  void run(std::function<void()> work) { workers_.run_surely(std::move(work)); }

 private:
  struct Call;
  void take(aws::http::Request request, aws::http::Responder respond);
  // Runs the call, once more if it has waited, and answers it unless it waits again.
  void serve(const std::shared_ptr<Call>& call);
  void serve_on_worker(const std::shared_ptr<Call>& call);
  void give_to_worker(const std::shared_ptr<Call>& call);
  // An exception of a library, or a lack of memory, is the call's own failure.
  base::Result<void> contain(std::string_view operation, const std::function<base::Result<void>()>& body) const;
  static void begin_record(Call& call, base::Timestamp begun);
  void end_step(Call& call, Step step) const;
  // Lets the answer go when it may.
  void answer(Call& call, base::Result<void> done);
  // Answers at once what was not carried out.
  void answer_refused(Call& call, const base::AwsError& error);
  void tell_unrouted(const aws::http::Request& request, const RouteError& wrong, int status,
                     std::string request_id) const;
  // Of a request with a large body, of which only the head is there.
  aws::http::Response refuse_head(const aws::http::Request& head, const Mount& mount, const Route* route,
                                  const base::AwsError& error) const;
  base::Result<void> prepare(Call& call);
  base::Result<void> carry_out(Call& call);
  aws::http::Response reply_to(Call& call, base::Result<void>& done) const;
  static aws::http::Response refusal(const Call& call, const base::AwsError& error);
  base::Result<aws::Context> authenticate(Call& call);
  aws::http::Admission judge(const aws::http::Request& head, std::optional<uint64_t> body_bytes);
  base::Result<aws::http::Admission> look_at(const aws::http::Request& head, std::optional<uint64_t> body_bytes,
                                             const Mount& mount, const Route* route);
  base::Result<void> authorize(Call& call, const aws::Context& context, const void* in);
  // What others of this kind tell: LocalStack's format, and with `parts` what we add to it.
  aws::http::Response health(const std::vector<PartState>& parts) const;
  void answer_health(const aws::http::Responder& respond);

  Router router_;
  aws::auth::Verifier& verifier_;
  aws::auth::Authorizer& authorizer_;
  ReplyGate& gate_;
  base::Env& env_;
  const Options options_;
  ParkingLot parking_;  // before the workers, which use it to their end
  WorkerPool workers_;
};

}  // namespace server
