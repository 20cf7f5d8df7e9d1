#include "os/directory_watch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace os {
namespace {

class DirectoryWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "directory_watch_XXXXXX";
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    auto made = DirectoryWatch::make(directory_);
    ASSERT_TRUE(made.has_value()) << made.error();
    watch_.emplace(std::move(*made));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, std::string_view content) {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << content;
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    const auto found = watch_->finished();
    EXPECT_TRUE(found.has_value());
    for (const FinishedFile& file : found.value_or(std::vector<FinishedFile>())) out.push_back(file.name);
    return out;
  }

  std::string directory_;
  std::optional<DirectoryWatch> watch_;
};

TEST_F(DirectoryWatchTest, FindsFinishedFilesByName) {
  for (const char* name : {"b", "a", ".hidden", "c.part", "d.tmp", "e.crdownload"}) write(name, "x");
  write("empty", "");
  std::filesystem::create_directory(directory_ + "/inside");
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(DirectoryWatchTest, LeavesWhatIsBeingWritten) {
  std::ofstream writer(directory_ + "/a", std::ios::binary);
  writer << "half" << std::flush;
  EXPECT_EQ(names(), std::vector<std::string>());
  writer.close();
  EXPECT_TRUE(watch_->wait(std::chrono::hours(1)));  // returns at once
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
  write("b.part", "x");
  std::filesystem::rename(directory_ + "/b.part", directory_ + "/b");
  watch_->wait(std::chrono::hours(1));
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(DirectoryWatchTest, AFileThatWasWrittenAnewIsAnotherVersion) {
  write("a", "x");
  const auto before = watch_->finished();
  EXPECT_EQ(*before, *watch_->finished());
  EXPECT_TRUE(watch_->is_unchanged(before->front()));
  write("a", "yy");
  EXPECT_NE(*before, *watch_->finished());
  EXPECT_FALSE(watch_->is_unchanged(before->front()));
}

TEST_F(DirectoryWatchTest, NamesTheDirectoryThatIsNotThere) {
  const auto none = DirectoryWatch::make(directory_ + "/none");
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().find("/none"), std::string::npos);
  std::filesystem::remove_all(directory_);
  EXPECT_FALSE(watch_->finished().has_value());
}

}  // namespace
}  // namespace os
