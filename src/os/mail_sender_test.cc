#include "os/mail_sender.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/manual/manual_env.h"
#include "os/outbox_mailer.h"

namespace os {
namespace {

namespace fs = std::filesystem;

// Takes every mail unless it was told what to answer.
struct FakeRelay final : MailRelay {
  Answer send(const std::string&, const std::string& to, std::string_view) override {
    const std::lock_guard lock(mutex);
    tried.push_back(to);
    const auto found = answers.find(to);
    return found == answers.end() ? Answer{Verdict::taken, ""} : found->second;
  }
  void rest() override {}
  void cancel() override {}

  std::mutex mutex;
  std::vector<std::string> tried;
  std::map<std::string, Answer> answers;
};

class MailSenderTest : public testing::Test {
 protected:
  MailSenderTest() : outbox_(fs::temp_directory_path() / ("mail-sender-" + std::to_string(getpid()))) {
    fs::remove_all(outbox_);
    fs::create_directories(outbox_);
  }
  ~MailSenderTest() override { fs::remove_all(outbox_); }

  std::unique_ptr<MailSender> sender() {
    return std::make_unique<MailSender>(
        MailSender::Options{.outbox = outbox_,
                            .server = "smtp://mail",
                            .ended = [this](const std::string& subscription,
                                            bool is_sent) { ended_.push_back(subscription + (is_sent ? "+" : "-")); },
                            .log = {}},
        env_.env, relay_);
  }
  void write(const std::string& to) { ASSERT_TRUE(mailer_.send(to, "s", "b", "arn:" + to)); }
  std::size_t count(const std::string& state) {
    std::size_t mails = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(outbox_ / state, error))
      mails += entry.path().extension() == ".eml";
    return mails;
  }
  // Until each mail was tried.
  void settle(MailSender& sender) { ASSERT_TRUE(sender.settle(base::kTimestampMax)); }

  const fs::path outbox_;
  base::ManualEnv env_;
  OutboxMailer mailer_{outbox_ / "waiting", "shop@example.com", env_.clock, env_.random, OutboxMailer::Use::leaves};
  FakeRelay relay_;
  std::vector<std::string> ended_;
};

TEST_F(MailSenderTest, GoesOnInOrderWithWhatIsThere) {
  for (const char* to : {"c@x.example", "a@x.example", "b@x.example"}) write(to);
  relay_.answers["a@x.example"] = {MailRelay::Verdict::refused, "550 no"};
  const auto own = sender();
  own->start();
  settle(*own);
  own->stop();
  EXPECT_EQ(relay_.tried, (std::vector<std::string>{"c@x.example", "a@x.example", "b@x.example"}));
  EXPECT_EQ(ended_, (std::vector<std::string>{"arn:c@x.example+", "arn:a@x.example-", "arn:b@x.example+"}));
  EXPECT_EQ(count("waiting"), 0U);
  EXPECT_EQ(count("sent"), 2U);
  EXPECT_EQ(count("failed"), 1U);
}

TEST_F(MailSenderTest, KeepsTheNewestOfWhatWasSent) {
  fs::create_directories(outbox_ / "sent");
  for (std::size_t i = 0; i < MailSender::kSentKept; ++i)
    std::ofstream(outbox_ / "sent" / ("20200101T000000Z-" + std::to_string(100'000 + i) + "-0123456789ab.eml")) << "x";
  write("a@x.example");
  const auto own = sender();
  own->start();
  settle(*own);
  own->stop();
  EXPECT_EQ(count("sent"), MailSender::kSentKept);
  EXPECT_FALSE(fs::exists(outbox_ / "sent/20200101T000000Z-100000-0123456789ab.eml"));
}

TEST_F(MailSenderTest, ADirectoryHasOneSender) {
  write("a@x.example");
  relay_.answers["a@x.example"] = {MailRelay::Verdict::later, "450 not now"};
  const auto first = sender();
  first->start();
  settle(*first);
  const auto second = sender();
  second->start();
  settle(*second);
  EXPECT_EQ(relay_.tried.size(), 1U);
  first->stop();
  env_.clock.await_waiters(1);
  env_.clock.advance(std::chrono::seconds(10));
  second->wake();
  settle(*second);
  second->stop();
  EXPECT_EQ(relay_.tried.size(), 2U) << "it takes over";
}

TEST(MailSender, HasTheTriesOfSns) {
  base::Duration all{};
  for (uint64_t number = 1; number < MailSender::kTriesMax; ++number) {
    EXPECT_GE(MailSender::pause_after(number), MailSender::pause_after(number - 1));
    all += MailSender::pause_after(number);
  }
  EXPECT_EQ(MailSender::pause_after(1), std::chrono::seconds(10));
  EXPECT_EQ(MailSender::pause_after(MailSender::kTriesMax), std::chrono::seconds(600));
  EXPECT_NEAR(static_cast<double>(all / std::chrono::hours(1)), 6, 1);
}

TEST(MailSender, TakesNoFileForAMailThatIsNone) {
  const fs::path outbox = fs::temp_directory_path() / ("mail-none-" + std::to_string(getpid()));
  fs::create_directories(outbox / "waiting");
  std::ofstream(outbox / "waiting/x.eml") << "hello";
  std::ofstream(outbox / "waiting/notes.txt") << "hello";
  base::ManualEnv env;
  FakeRelay relay;
  MailSender sender({.outbox = outbox, .server = "smtp://mail"}, env.env, relay);
  sender.start();
  EXPECT_TRUE(sender.settle(base::kTimestampMax));
  sender.stop();
  EXPECT_TRUE(relay.tried.empty());
  EXPECT_TRUE(fs::exists(outbox / "failed/x.txt") && fs::exists(outbox / "waiting/notes.txt"));
  fs::remove_all(outbox);
}

}  // namespace
}  // namespace os
