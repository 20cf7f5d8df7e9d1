#include "os/function_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "base/manual/manual_env.h"
#include "os/env.h"
#include "os/http_server.h"
#include "os/http_transport.h"

namespace os {
namespace {

namespace fs = std::filesystem;
using runtime::InvokeOutcome;
using runtime::OutcomeKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

class CollectingSink final : public runtime::LogSink {
 public:
  void write(const runtime::LogLine& line) override {
    const std::scoped_lock lock(mutex_);
    EXPECT_EQ(line.instance_id.size(), 32U);
    lines_.push_back(std::string(line.request_id) + "|" + std::string(line.text));
  }
  std::vector<std::string> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A process that has gone, or is dead and waits for init to reap it.
bool gone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return true;
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || text[end + 2] == 'Z' || text[end + 2] == 'X';
}

// The kernel ends processes in its own time; SIGKILL is certain, so this waits for it and only for it.
bool soon_gone(pid_t pid) {
  for (int i = 0; i < 5000 && !gone(pid); ++i) ::usleep(1000);
  return gone(pid);
}

class FunctionHostTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "till-host-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    code_ = pattern;
    fs::create_symlink(TILL_TEST_BOOTSTRAP, code_ / "bootstrap");
    auto server = HttpServer::start({});
    ASSERT_TRUE(server) << server.error();
    server_ = std::move(*server);
    host_ = std::make_unique<ProcessFunctionHost>(env_.env(), *server_);
    spec_.function_name = "f";
    spec_.version = "$LATEST";
    spec_.runtime = "provided.al2023";
    spec_.code_directory = code_.string();
    spec_.timeout = seconds(20);
    spec_.memory_size_mb = 1024;
    // Keeps a sanitizer's own noise out of what is measured here.
    spec_.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}};
  }
  void TearDown() override {
    host_.reset();
    fs::remove_all(code_);
  }
  std::unique_ptr<runtime::FunctionInstance> start() {
    auto instance = host_->start(spec_, sink_);
    EXPECT_TRUE(instance) << instance.error().message;
    return std::move(*instance);
  }
  static InvokeOutcome invoke(runtime::FunctionInstance& instance, std::string payload) {
    std::promise<InvokeOutcome> promise;
    instance.invoke({"req-1", "arn:aws:lambda:us-east-1:000000000000:function:f", "", "", std::move(payload)},
                    [&promise](InvokeOutcome outcome) { promise.set_value(std::move(outcome)); });
    return promise.get_future().get();
  }
  static std::string payload_of(runtime::FunctionInstance& instance, std::string payload) {
    InvokeOutcome outcome = invoke(instance, std::move(payload));
    EXPECT_EQ(outcome.kind, OutcomeKind::ok) << outcome.payload;
    return outcome.payload;
  }

  SystemEnv env_;
  fs::path code_;
  std::unique_ptr<HttpServer> server_;
  CollectingSink sink_;
  runtime::FunctionSpec spec_;
  std::unique_ptr<ProcessFunctionHost> host_;
};

TEST_F(FunctionHostTest, AnswersAgainAndAgainFromOneProcess) {
  spec_.environment.emplace_back("GREETING", "hello=\"there\"");
  const auto instance = start();
  InvokeOutcome outcome = invoke(*instance, "{\"a\":1}");
  EXPECT_EQ(outcome.kind, OutcomeKind::ok);
  EXPECT_EQ(outcome.payload, "{\"a\":1}");
  ASSERT_TRUE(outcome.init_duration);
  EXPECT_GT(*outcome.init_duration, base::Duration(0));
  EXPECT_GT(outcome.max_memory_used_bytes, 1'000'000U);
  EXPECT_TRUE(outcome.delivered);
  const std::string pid = payload_of(*instance, "pid");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(payload_of(*instance, "pid"), pid);
  EXPECT_EQ(payload_of(*instance, "env"), "hello=\"there\"") << "nothing of the engine's environment";
  outcome = invoke(*instance, "warm");
  EXPECT_FALSE(outcome.init_duration);
  EXPECT_EQ(payload_of(*instance, "{"), "{") << "an answer need not be JSON";
  EXPECT_TRUE(instance->alive());
}

TEST_F(FunctionHostTest, FailuresLeaveTheInstanceUsable) {
  const auto instance = start();
  struct Case {
    const char* payload;
    const char* error_type;
    const char* document;
  };
  const Case cases[] = {
      {"fail", "My.Error", R"({"errorMessage":"as told","errorType":"My.Error","stackTrace":[]})"},
      {"throw", "Runtime.UnhandledException",
       R"({"errorMessage":"an exception of unknown type","errorType":"Runtime.UnhandledException","stackTrace":[]})"},
      {"huge", "Function.ResponseSizeTooLarge",
       R"({"errorMessage":"Response payload size exceeded maximum allowed payload size )"
       R"((6291556 bytes).","errorType":"Function.ResponseSizeTooLarge","stackTrace":[]})"}};
  for (const Case& c : cases) {
    const InvokeOutcome outcome = invoke(*instance, c.payload);
    EXPECT_EQ(outcome.kind, OutcomeKind::function_error) << c.payload;
    EXPECT_EQ(outcome.error_type, c.error_type);
    EXPECT_EQ(outcome.payload, c.document);
  }
  EXPECT_EQ(payload_of(*instance, "fine"), "fine");
  const std::string large(runtime::kPayloadBytesMax, 'x');
  EXPECT_EQ(payload_of(*instance, large), large);
}

TEST_F(FunctionHostTest, LogsBelongToTheirInvocation) {
  const auto instance = start();
  InvokeOutcome outcome = invoke(*instance, "print");
  EXPECT_EQ(outcome.init_log_tail, "initialising\n");
  EXPECT_EQ(outcome.log_tail, "out 1\nerr 1\nunfinished");
  EXPECT_EQ(sink_.take(),
            (std::vector<std::string>{"|initialising", "req-1|out 1", "req-1|err 1", "req-1|unfinished"}));
  outcome = invoke(*instance, "print");
  EXPECT_EQ(outcome.init_log_tail, "");
  EXPECT_EQ(outcome.log_tail, "out 1\nerr 1\nunfinished");
}

TEST_F(FunctionHostTest, TheEndOfTheProcessIsReported) {
  struct Case {
    const char* payload;
    const char* error_type;
    const char* message;
  };
  const Case cases[] = {{"exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"},
                        {"crash", "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"},
                        {"allocate", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"},
                        {"allocate in a child", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"}};
  spec_.memory_size_mb = 256;
  for (const Case& c : cases) {
    const auto instance = start();
    EXPECT_EQ(payload_of(*instance, "fine"), "fine");
    const InvokeOutcome outcome = invoke(*instance, c.payload);
    EXPECT_EQ(outcome.kind, OutcomeKind::exited) << c.payload;
    EXPECT_EQ(outcome.payload, std::string("{\"errorType\":\"") + c.error_type +
                                   "\",\"errorMessage\":\"RequestId: req-1 Error: " + c.message + "\"}");
    EXPECT_TRUE(outcome.delivered);
    EXPECT_TRUE(outcome.exit);
    EXPECT_FALSE(instance->alive());
    EXPECT_FALSE(invoke(*instance, "more").delivered) << "another instance may try";
  }
}

TEST_F(FunctionHostTest, TimeoutKillsTheWholeGroup) {
  spec_.timeout = milliseconds(1000);
  const auto instance = start();
  const pid_t grandchild = std::stoi(payload_of(*instance, "grandchild"));
  const pid_t child = std::stoi(payload_of(*instance, "pid"));
  EXPECT_FALSE(gone(grandchild));
  const InvokeOutcome outcome = invoke(*instance, "sleep");
  EXPECT_EQ(outcome.kind, OutcomeKind::timed_out);
  EXPECT_EQ(
      outcome.payload,
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: req-1 Error: Task timed out after 1.00 seconds"})");
  EXPECT_GE(outcome.duration, milliseconds(1000));
  EXPECT_FALSE(instance->alive());
  EXPECT_TRUE(soon_gone(child));
  EXPECT_TRUE(soon_gone(grandchild));
}

TEST_F(FunctionHostTest, StoppingEndsEvenAFunctionThatIgnoresTheSignal) {
  auto instance = start();
  const pid_t daemon = std::stoi(payload_of(*instance, "daemon"));
  const pid_t grandchild = std::stoi(payload_of(*instance, "grandchild"));
  const pid_t child = std::stoi(payload_of(*instance, "pid"));
  EXPECT_EQ(payload_of(*instance, "stubborn"), "stubborn");
  instance.reset();
  EXPECT_TRUE(gone(child)) << "reaped before the destructor returns";
  EXPECT_TRUE(soon_gone(grandchild));
  EXPECT_TRUE(soon_gone(daemon)) << "it left the process group";
}

TEST_F(FunctionHostTest, FailedInitialisationIsToldApart) {
  const auto run = [&](const char* mode) {
    runtime::FunctionSpec spec = spec_;
    spec.environment.emplace_back("INIT_MODE", mode);
    auto instance = host_->start(spec, sink_);
    EXPECT_TRUE(instance);
    InvokeOutcome outcome = invoke(**instance, "x");
    EXPECT_EQ(outcome.kind, OutcomeKind::init_failed) << mode;
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.init_log_tail, "initialising\n");
    EXPECT_EQ(sink_.take(), (std::vector<std::string>{"|initialising", "|initialising"})) << "started once more";
    EXPECT_FALSE((*instance)->alive());
    return outcome;
  };
  EXPECT_EQ(run("exit").payload,
            R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: req-1 Error: Runtime exited with error: )"
            R"(exit status 4"})");
  spec_.memory_size_mb = 256;
  EXPECT_EQ(run("allocate").error_type, "Runtime.OutOfMemory");
  const InvokeOutcome error = run("error");
  EXPECT_EQ(error.error_type, "Init.Broken");
  EXPECT_EQ(error.payload, R"({"errorMessage":"cannot start","errorType":"Init.Broken","stackTrace":[]})");
}

// "Lambda Developer Guide", execution environment: initialisation that takes longer than 10 s begins once more, with
// the function's timeout.
TEST_F(FunctionHostTest, SlowInitialisationBeginsOnceMore) {
  for (const bool slow_again : {false, true}) {
    fs::remove(code_ / "begun");
    base::ManualEnv manual;
    SystemClock machine;
    ProcessFunctionHost host(manual.env, *server_, std::nullopt, &machine);
    runtime::FunctionSpec spec = spec_;
    spec.environment.emplace_back("INIT_MODE", slow_again ? "slow" : "slow once");
    auto instance = host.start(spec, sink_);
    ASSERT_TRUE(instance);
    std::vector<std::string> reports;
    runtime::InvokeRequest request{"req-1", "arn", "", "", "x"};
    request.on_init_end = [&](const runtime::InitReport& report) {
      reports.push_back(std::string(report.in_invocation ? "invoke" : "init") +
                        (report.status == runtime::InitStatus::timeout ? " timeout " : " success ") + report.log_tail);
    };
    std::promise<InvokeOutcome> promise;
    (*instance)->invoke(std::move(request), [&](InvokeOutcome got) { promise.set_value(std::move(got)); });
    const auto starts = [&] {
      std::error_code none;
      const auto size = fs::file_size(code_ / "begun", none);
      return none ? 0 : size;
    };
    const auto soon = [](const auto& done) {
      for (int i = 0; i < 30'000 && !done(); ++i) ::usleep(1000);
      return done();
    };
    ASSERT_TRUE(soon([&] { return starts() == 1; }));
    manual.clock.advance(seconds(10));
    ASSERT_TRUE(soon([&] { return starts() == 2; }));
    if (slow_again) manual.clock.advance(spec.timeout);
    const InvokeOutcome outcome = promise.get_future().get();
    EXPECT_FALSE(outcome.init_duration) << "the second is part of the invocation";
    if (slow_again) {
      EXPECT_EQ(outcome.kind, OutcomeKind::timed_out);
      EXPECT_NE(outcome.payload.find("Task timed out after 20.00 seconds"), std::string::npos) << outcome.payload;
      EXPECT_EQ(reports, (std::vector<std::string>{"init timeout initialising\n", "invoke timeout initialising\n"}));
    } else {
      EXPECT_EQ(outcome.payload, "x");
      EXPECT_EQ(outcome.init_log_tail, "initialising\n");
      EXPECT_EQ(reports, (std::vector<std::string>{"init timeout initialising\n", "invoke success "}));
    }
  }
}

TEST_F(FunctionHostTest, AForkBombEndsAtTheLimit) {
  spec_.timeout = std::chrono::minutes(5);  // with sanitizers a thousand forks take long on a loaded machine
  const auto instance = start();
  // As another user than root the kernel refuses before that; root's function is ended for it.
  const InvokeOutcome outcome = invoke(*instance, "fork bomb");
  if (::getuid() == 0) {
    EXPECT_EQ(outcome.error_type, "Runtime.ExitError") << outcome.payload;
  } else {
    EXPECT_EQ(outcome.payload, "refused");
  }
}

// Without descriptors a start fails as the machine's fault, which is worth another try; the engine goes on.
TEST_F(FunctionHostTest, WithoutDescriptorsOneStartFails) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto open_now = std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  for (rlim_t more = 0; more < 12; ++more) {
    const rlimit tight{static_cast<rlim_t>(open_now) + more, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    const auto instance = host_->start(spec_, sink_);
    ::setrlimit(RLIMIT_NOFILE, &before);
    if (!instance) {
      EXPECT_TRUE(instance.error().out_of_resources) << instance.error().message;
    }
  }
  EXPECT_EQ(payload_of(*start(), "fine"), "fine");
}

TEST_F(FunctionHostTest, WhatCannotStartSaysWhy) {
  struct Case {
    const char* runtime;
    const char* content;  // of the bootstrap; null: none
    mode_t mode;
    const char* error_type;
    const char* message;
  };
  const Case cases[] = {
      {"java21", "x", 0755, "Runtime.NotSupported",
       "The runtime java21 is not supported yet; functions run here if they are packaged for provided.al2023 with a "
       "bootstrap of their own, or written for python3.* or nodejs*"},
      {"provided.al2023", nullptr, 0, "Runtime.InvalidEntrypoint",
       "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
      {"provided.al2023", "#!/bin/sh\n", 0644, "Runtime.InvalidEntrypoint",
       "fork/exec /var/task/bootstrap: permission denied"},
      {"provided.al2", "no program", 0755, "Runtime.InvalidEntrypoint",
       "fork/exec /var/task/bootstrap: exec format error"},
      {"provided", "#!/no/such/interpreter\n", 0755, "Runtime.InvalidEntrypoint",
       "fork/exec /var/task/bootstrap: no such file or directory"}};
  for (const Case& c : cases) {
    fs::remove(code_ / "bootstrap");
    if (c.content != nullptr) {
      std::ofstream(code_ / "bootstrap") << c.content;
      ::chmod((code_ / "bootstrap").c_str(), c.mode);
    }
    spec_.runtime = c.runtime;
    const auto instance = host_->start(spec_, sink_);
    ASSERT_FALSE(instance) << c.message;
    EXPECT_EQ(instance.error().error_type, c.error_type);
    EXPECT_EQ(instance.error().message, c.message);
  }
  spec_.environment = {{"A=B", "c"}};
  EXPECT_FALSE(host_->start(spec_, sink_));
}

TEST_F(FunctionHostTest, ChildInheritsNothing) {
  ::setenv("TILL_TEST_SECRET", "engine key", 1);
  const FileDescriptor leak(::open("/etc/passwd", O_RDONLY));  // as a careless library opens it
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  sigset_t block;
  sigset_t mask;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &block, &mask);
  const auto instance = start();
  EXPECT_EQ(payload_of(*instance, "describe"),
            "leader=true core=0 files=1024 term_blocked=0 pipe_ignored=false death=9 nnp=1 leaked=[] secret=none cwd=" +
                fs::canonical(code_).string());
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::signal(SIGPIPE, before);
  ::unsetenv("TILL_TEST_SECRET");
}

TEST_F(FunctionHostTest, ManyInstancesAtOnceAndNoDescriptorStays) {
  const auto open_descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  {
    start();
  }
  const auto before = open_descriptors();
  std::atomic<int> answered{0};
  {
    std::vector<std::unique_ptr<base::Task>> tasks;
    for (int i = 0; i < 4; ++i) {
      tasks.push_back(env_.env().executor.spawn("invoker", [&] {
        const auto instance = start();
        for (int k = 0; k < 50; ++k) answered += payload_of(*instance, std::to_string(k)) == std::to_string(k);
        invoke(*instance, "exit");
      }));
    }
  }
  EXPECT_EQ(answered.load(), 200);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace os
