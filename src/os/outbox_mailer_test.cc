#include "os/outbox_mailer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "base/manual/manual_env.h"

namespace os {
namespace {

class OutboxMailerTest : public testing::Test {
 protected:
  OutboxMailerTest() : directory_(std::filesystem::temp_directory_path() / ("mail-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(directory_);
  }
  ~OutboxMailerTest() override { std::filesystem::remove_all(directory_); }

  // The only mail in the directory, or what is wrong.
  std::string mail() {
    std::string out = "none";
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (out != "none" || entry.path().extension() != ".eml") return "unexpected " + entry.path().string();
      std::ifstream file(entry.path(), std::ios::binary);
      out.assign(std::istreambuf_iterator<char>(file), {});
    }
    return out;
  }

  std::filesystem::path directory_;
  base::ManualEnv env_;
  OutboxMailer mailer_{directory_ / "", "sns@localhost.invalid", env_.clock, env_.random};
};

TEST_F(OutboxMailerTest, WritesAMessage) {
  ASSERT_TRUE(mailer_.send("a@b.example", "Hello", "line 1\nline 2"));
  const std::string text = mail();
  EXPECT_TRUE(
      text.starts_with("From: sns@localhost.invalid\r\nTo: a@b.example\r\nSubject: Hello\r\n"
                       "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <"))
      << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nline 1\r\nline 2\r\n")) << text;
}

TEST_F(OutboxMailerTest, HeadersCannotBeInjected) {
  EXPECT_FALSE(mailer_.send("a@b.example\r\nBcc: c@d.example", "s", "b"));
  EXPECT_FALSE(mailer_.send("nobody", "s", "b"));
  ASSERT_TRUE(mailer_.send("a@b.example", "s\r\nBcc: c@d.example", "naïve"));
  const std::string text = mail();
  EXPECT_EQ(text.find("Bcc"), text.npos) << text;
  EXPECT_NE(text.find("Subject: =?UTF-8?B?cw0KQmNjOiBjQGQuZXhhbXBsZQ==?=\r\n"), text.npos) << text;
  EXPECT_TRUE(text.ends_with("base64\r\n\r\nbmHDr3Zl\r\n")) << text;
}

TEST_F(OutboxMailerTest, SubjectsBeyondAsciiAreEncodedWordsInShortLines) {
  std::string subject;
  for (int i = 0; i < 50; ++i) subject += "öx";
  ASSERT_TRUE(mailer_.send("a@b.example", subject, "b"));
  const std::string text = mail();
  EXPECT_NE(text.find("Subject: =?UTF-8?B?"), text.npos) << text;
  for (std::size_t at = 0; at < text.size(); at = text.find("\r\n", at) + 2)
    EXPECT_LE(text.find("\r\n", at) - at, 76U) << text.substr(at);
}

TEST_F(OutboxMailerTest, SaysWhenItCannotWrite) {
  std::ofstream(directory_) << "a file where the directory should be";
  EXPECT_FALSE(mailer_.send("a@b.example", "s", "b"));
}

TEST_F(OutboxMailerTest, TellsOnceThatItCannotWriteAndOnceThatItCanAgain) {
  for (const auto use : {OutboxMailer::Use::stays, OutboxMailer::Use::leaves}) {
    std::vector<std::string> told;
    OutboxMailer mailer(directory_, "a@b.example", env_.clock, env_.random, use,
                        [&told](std::string_view line) { told.emplace_back(line); });
    std::filesystem::remove_all(directory_);
    std::ofstream(directory_) << "a file where the directory should be";
    EXPECT_FALSE(mailer.send("nobody", "s", "b"));
    EXPECT_TRUE(told.empty()) << "an address that is none says nothing of the directory";
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(mailer.send("a@b.example", "s", "b"));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].starts_with("mail: e-mails cannot be written to " + directory_.string() + ": Not a directory."))
        << told[0];
    std::filesystem::remove(directory_);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(mailer.send("a@b.example", "s", "b"));
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], "mail: e-mails can be written to " + directory_.string() + " again");
  }
}

}  // namespace
}  // namespace os
