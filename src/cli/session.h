// Session: a command's connection to an engine or to AWS. It finds the endpoint (settings.h, else the engine that
// serves the data directory), or opens the data directory itself, and offers the services as typed interfaces. Owned by
// a command; used from one thread at a time.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "cli/interruption.h"
#include "cli/local_engine.h"
#include "pipeline/definition.h"
#include "pipeline/stack.h"

namespace cli {

// The options that every command takes.
struct GlobalOptions {
  std::string endpoint;  // --endpoint; "aws" means AWS itself, whatever the environment says
  std::string data_directory;
  bool data_directory_is_given = false;  // by --data
  std::string stack;                     // --stack
  std::string region;                    // --region
  std::string profile;                   // --profile: of the AWS CLI's shared files
  std::string file;                      // --file: the definition
  bool json = false;
  bool ignore_environment = false;  // no AWS_* variable counts; for a command that has an engine of its own
};

// What a command does with a data directory that no engine serves, so that the command has one of its own.
enum class Use {
  looks,  // nothing begins to work: no order is taken off a queue, no function called, nothing delivered
  works,  // the engine works until the session ends
  makes,  // the same; and a directory that is not there, or is empty, becomes one
};

class Session {
 public:
  static std::expected<std::unique_ptr<Session>, LocalEngine::Error> open(const GlobalOptions& options,
                                                                          Use use = Use::looks);
  // One without an engine, for commands that only write down what the options' stack is made of: every call of its
  // services fails, and the stack's account and region are pipeline::kAnyAccount and kAnyRegion.
  static std::expected<std::unique_ptr<Session>, LocalEngine::Error> without_engine(const GlobalOptions& options);
  ~Session();

  [[nodiscard]] base::Env& env();
  [[nodiscard]] pipeline::Services services();
  // The stack of the options, with the functions that this program carries. What it waits for is told on stderr.
  pipeline::Stack& stack();
  [[nodiscard]] const std::string& account() const;
  // Whose data it is, for people: "account 1 of AWS in eu-west-1", "account 1 in /srv/shop", "account 1 at http://…".
  [[nodiscard]] std::string where() const;
  // How records become orders; without a definition file as the original's do.
  [[nodiscard]] const pipeline::Definition& definition() const;
  // The user has said that there shall be no definition file.
  [[nodiscard]] bool wants_original() const;
  // The services' time: that of the engine, whose clock may be virtual, else the machine's.
  base::Timestamp now();
  // The engine is this command's and ends with it.
  [[nodiscard]] bool has_own_engine() const;
  // The engine is this command's or another command's own: nobody goes on with what is left when they end.
  [[nodiscard]] bool has_passing_engine() const;
  // Whether the engine's clock stands still until advance() moves it.
  bool has_virtual_clock();
  base::Result<void> advance(base::Duration by);
  // Seconds that a poll of a queue may wait: none if time does not pass by itself.
  int32_t wait_time_seconds() { return has_virtual_clock() ? 0 : 1; }
  // Why the code that the definition names for a stage cannot be had; empty: it can. Who wants new data is told by
  // open() already.
  [[nodiscard]] const std::string& package_fault() const;
  // Where the definition file says something, "till.toml:7"; empty if there is no file.
  [[nodiscard]] std::string origin_of(std::string_view key) const;
  // Sets what `till up` may be told; before the first stack().
  void configure(const std::function<void(pipeline::StackOptions&)>& change);

 private:
  friend class InterruptibleStack;
  struct Parts;
  struct EngineClock {
    base::Timestamp now;
    bool is_virtual = false;
  };
  explicit Session(std::unique_ptr<Parts> parts);
  void tell_wait(const std::string& what);
  bool pause(base::Duration how_long);
  std::optional<EngineClock> engine_clock();  // nullopt: not an engine of ours

  std::unique_ptr<Parts> parts_;
  std::optional<bool> has_virtual_clock_;  // once it was asked
  Interruption* interruption_ = nullptr;   // of who makes or removes the stack at the moment
};

// While it lives, a signal ends what the session's stack is doing, between two steps or in a wait, with "Interrupted".
class InterruptibleStack {
 public:
  // `session` outlives this object; no other Interruption lives as long as this one.
  explicit InterruptibleStack(Session& session);
  ~InterruptibleStack();
  InterruptibleStack(const InterruptibleStack&) = delete;
  InterruptibleStack& operator=(const InterruptibleStack&) = delete;

 private:
  Session& session_;
  Interruption interruption_;
};

// Session::open for a command: without a session it has told the user why, and `exit_code` is the command's.
std::unique_ptr<Session> open_session(const GlobalOptions& options, int& exit_code, Use use = Use::looks);

}  // namespace cli
