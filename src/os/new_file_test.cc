#include "os/new_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace os {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "new_file_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return directory_ + "/out"; }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path()).rdbuf();
    return out.str();
  }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator());
  }
  std::string directory_;
};

TEST_F(NewFileTest, HasItsNameOnceItIsWhole) {
  auto file = NewFile::make(path());
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->write("a").has_value() && file->write("b").has_value());
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_TRUE(file->commit().has_value());
  EXPECT_EQ(text(), "ab");
  EXPECT_EQ(files(), 1);
}

TEST_F(NewFileTest, LeavesNothingUnlessItIsWhole) {
  {
    auto file = NewFile::make(path());
    ASSERT_TRUE(file.has_value() && file->write("half").has_value());
    const NewFile moved = std::move(*file);
  }
  EXPECT_EQ(files(), 0);
}

TEST_F(NewFileTest, TakesAwayWhatAKilledOneLeftAndNothingElse) {
  auto alive = NewFile::make(path());
  ASSERT_TRUE(alive.has_value() && alive->write("theirs").has_value());
  const std::string left = path() + ".4711-0.part";
  const std::string others[] = {path() + ".part", path() + ".4711.part", path() + ".a-0.part",
                                path() + "2.4711-0.part"};
  std::ofstream(left) << "half";
  for (const std::string& other : others) std::ofstream(other) << "not ours";
  fs::create_symlink(others[0], path() + ".4712-0.part");
  {
    const auto file = NewFile::make(path());
    ASSERT_TRUE(file.has_value());
  }
  EXPECT_FALSE(fs::exists(left));
  for (const std::string& other : others) EXPECT_TRUE(fs::exists(other)) << other;
  EXPECT_TRUE(fs::is_symlink(path() + ".4712-0.part"));
  ASSERT_TRUE(alive->commit().has_value());
  EXPECT_EQ(text(), "theirs");
}

TEST_F(NewFileTest, MayBeItsOwnersAlone) {
  auto file = NewFile::make(path(), NewFile::kForOwner);
  ASSERT_TRUE(file.has_value() && file->commit().has_value());
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(NewFileTest, NeverTakesThePlaceOfAnother) {
  auto file = NewFile::make(path());
  ASSERT_TRUE(file.has_value() && file->write("ours").has_value());
  std::ofstream(path()) << "theirs";
  const auto committed = file->commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_NE(committed.error().find(path()), std::string::npos);
  EXPECT_EQ(text(), "theirs");
  const auto again = NewFile::make(path());
  ASSERT_FALSE(again.has_value());
  EXPECT_NE(again.error().find("is there already"), std::string::npos);
  EXPECT_FALSE(NewFile::make(directory_ + "/none/out").has_value());
}

}  // namespace
}  // namespace os
