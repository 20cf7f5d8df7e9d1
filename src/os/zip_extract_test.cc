#include "os/zip_extract.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace os {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBadZip = "Could not unzip uploaded file. Please check your file, then try to upload again.";

struct Member {
  std::string name;
  std::string content;
  mode_t mode = S_IFREG | 0644;
};

std::string make_zip(const std::vector<Member>& members) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* sink = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(sink);
  zip_t* archive = zip_open_from_source(sink, ZIP_TRUNCATE, &error);
  for (const Member& member : members) {
    zip_int64_t index = -1;
    if (S_ISDIR(member.mode)) {
      index = zip_dir_add(archive, member.name.c_str(), 0);
    } else {
      zip_source_t* content = zip_source_buffer(archive, member.content.data(), member.content.size(), 0);
      index = zip_file_add(archive, member.name.c_str(), content, 0);
    }
    EXPECT_GE(index, 0) << member.name;
    zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX,
                                     static_cast<zip_uint32_t>(member.mode) << 16);
  }
  EXPECT_EQ(zip_close(archive), 0);
  zip_stat_t stat;
  zip_source_stat(sink, &stat);
  std::string bytes(stat.size, '\0');
  zip_source_open(sink);
  zip_source_read(sink, bytes.data(), bytes.size());
  zip_source_close(sink);
  zip_source_free(sink);
  return bytes;
}

void replace_all(std::string& bytes, const std::string& from, const std::string& to) {
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t at = 0; (at = bytes.find(from, at)) != std::string::npos;) bytes.replace(at, from.size(), to);
}

class ZipExtractTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "till-zip-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string text(const std::string& path) {
    std::ifstream file(root_ / "code" / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string extract(const std::string& bytes, const ZipLimits& limits = {}) {
    const auto result = extract_zip(bytes, (root_ / "code").string(), limits);
    return result ? "" : result.error().message;
  }
  fs::path root_;
};

TEST_F(ZipExtractTest, UnpacksFilesDirectoriesLinksAndPermissions) {
  const std::string bytes = make_zip({{"bootstrap", "#!/bin/sh\n", S_IFREG | 06755},
                                      {"lib/deep/a.so", "elf", S_IFREG | 0040},
                                      {"empty/", "", S_IFDIR | 0755},
                                      {"lib/link.so", "deep/a.so", S_IFLNK | 0777},
                                      {"lib/deep/up", "../../bootstrap", S_IFLNK | 0777},
                                      {"name \xc3\xa9", "utf-8"},
                                      {"win\\v.txt", "made on Windows"},
                                      {"..\\x", "no way up here"}});
  ASSERT_EQ(extract(bytes), "");
  struct stat status{};
  ASSERT_EQ(::stat((root_ / "code/bootstrap").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U) << "setuid and setgid are gone";
  ASSERT_EQ(::stat((root_ / "code/lib/deep/a.so").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0440U) << "readable by its owner";
  EXPECT_TRUE(fs::is_directory(root_ / "code/empty"));
  EXPECT_EQ(text("lib/link.so"), "elf");
  EXPECT_EQ(text("lib/deep/up"), "#!/bin/sh\n");
  EXPECT_EQ(text("name \xc3\xa9"), "utf-8");
  EXPECT_EQ(text("win\\v.txt"), "made on Windows") << "the literal name";
  EXPECT_EQ(text("..\\x"), "no way up here");
}

TEST_F(ZipExtractTest, ReplacesWhatIsThereAndLeavesNothingElse) {
  ASSERT_EQ(extract(make_zip({{"old", "1"}})), "");
  ASSERT_EQ(extract(make_zip({{"new", "2"}})), "");
  EXPECT_EQ(text("new"), "2");
  EXPECT_FALSE(fs::exists(root_ / "code/old"));
  EXPECT_EQ(extract("not a zip"), kBadZip);
  EXPECT_EQ(text("new"), "2") << "a bad package changes nothing";
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1) << "temporary directories";
}

TEST_F(ZipExtractTest, RefusesHostilePackages) {
  struct Case {
    const char* what;
    std::string bytes;
  };
  std::vector<Case> cases = {
      {"absolute", make_zip({{"/etc/x", "1"}})},
      {"parent", make_zip({{"../x", "1"}})},
      {"parent inside", make_zip({{"a/../../x", "1"}})},
      {"dot", make_zip({{"a/./x", "1"}})},
      {"double slash", make_zip({{"a//x", "1"}})},
      {"control", make_zip({{"a\x1bx", "1"}})},
      {"deep", make_zip({{[] {
                            std::string p = "x";
                            for (int i = 0; i < 70; ++i) p += "/x";
                            return p;
                          }(),
                          "1"}})},
      {"long", make_zip({{std::string(300, 'x'), "1"}})},
      {"absolute link", make_zip({{"l", "/etc/passwd", S_IFLNK | 0777}})},
      {"link out", make_zip({{"a/l", "../../x", S_IFLNK | 0777}})},
      {"link through", make_zip({{"l", "a/../../x", S_IFLNK | 0777}})},
      {"file under link", make_zip({{"l", ".", S_IFLNK | 0777}, {"l/x", "1"}})},
      {"long link", make_zip({{"l", std::string(5000, 'x'), S_IFLNK | 0777}})},
      {"device", make_zip({{"dev", "", S_IFCHR | 0666}})},
      {"pipe", make_zip({{"fifo", "", S_IFIFO | 0666}})},
      {"file and directory", make_zip({{"a", "1"}, {"a/b", "2"}})},
      {"directory marked as file", make_zip({{"a/", "1", S_IFREG | 0644}})},
  };
  std::string duplicate = make_zip({{"same1", "1"}, {"same2", "2"}});
  replace_all(duplicate, "same2", "same1");
  cases.push_back({"duplicate", duplicate});
  std::string wrong_sum = make_zip({{"f", "0123456789"}});
  wrong_sum[wrong_sum.find("0123456789")] = 'X';
  cases.push_back({"checksum", wrong_sum});
  cases.push_back({"truncated", make_zip({{"f", std::string(1000, 'x')}}).substr(0, 60)});
  for (const Case& c : cases) {
    EXPECT_EQ(extract(c.bytes), kBadZip) << c.what;
    EXPECT_TRUE(fs::is_empty(root_)) << c.what;
  }
}

TEST_F(ZipExtractTest, RefusesAPackageOfNothing) {
  EXPECT_EQ(extract(""), "Uploaded file must be a non-empty zip");
}

TEST_F(ZipExtractTest, ANulInANameCutsNoPathShort) {
  std::string nul = make_zip({{"a_b", "1"}});
  replace_all(nul, "a_b", std::string("a\0b", 3));
  ASSERT_EQ(extract(nul), "");
  EXPECT_EQ(text("a b"), "1");
}

TEST_F(ZipExtractTest, IsCheckedWithoutBeingUnpacked) {
  const auto check = [](const std::string& bytes, uint64_t bytes_max = 10) {
    const auto checked = check_zip(bytes, {.unzipped_bytes_max = bytes_max});
    return checked ? "" : checked.error().message;
  };
  EXPECT_EQ(check(make_zip({{"a", "12345"}, {"b/c", "1234"}})), "");
  EXPECT_EQ(check(make_zip({{"a", "12345"}, {"b/c", "12345"}})), "Unzipped size must be smaller than 10 bytes");
  EXPECT_EQ(check(make_zip({{"../a", "1"}})), kBadZip);
  EXPECT_EQ(check("not a zip"), kBadZip);
}

TEST_F(ZipExtractTest, CountsWhatIsReallyInflated) {
  ZipLimits limits;
  limits.unzipped_bytes_max = 1000;
  limits.entries_max = 3;
  EXPECT_EQ(extract(make_zip({{"a", std::string(999, 'x')}}), limits), "");
  const std::string too_large = "Unzipped size must be smaller than 1000 bytes";
  EXPECT_EQ(extract(make_zip({{"a", std::string(500, 'x')}, {"b", std::string(500, 'x')}}), limits), too_large);
  // A package that declares one byte and inflates to a megabyte.
  std::string bomb = make_zip({{"a", std::string(1 << 20, 'x')}});
  const std::string size("\x00\x00\x10\x00", 4);
  replace_all(bomb, size, std::string("\x01\x00\x00\x00", 4));
  EXPECT_NE(extract(bomb, limits), "");
  EXPECT_EQ(extract(make_zip({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}), limits), kBadZip);
}

}  // namespace
}  // namespace os
