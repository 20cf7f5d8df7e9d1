#include "cli/function_package.h"

#include <elf.h>
#include <zip.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

#include "pipeline/definition.h"

namespace cli {
namespace {

constexpr std::time_t kModified = 1704067200;  // 2024-01-01, as of what the build puts in
constexpr mode_t kMode = 0100644;
constexpr mode_t kExecutableMode = 0100755;

base::AwsError failure(std::string_view what) {
  return {.code = "Local", .message = "the function's package cannot be made: " + std::string(what)};
}

// An archive of memory. The source is held here for as long as its bytes are read.
struct SourceFree {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, SourceFree>;

base::Result<void> add(zip_t* archive, const PackageFile& file) {
  zip_source_t* content = zip_source_buffer(archive, file.bytes.data(), file.bytes.size(), 0);
  const zip_int64_t index =
      content == nullptr ? -1 : zip_file_add(archive, file.name.c_str(), content, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE);
  if (index < 0) {
    zip_source_free(content);
    return base::fail(failure(zip_strerror(archive)));
  }
  const mode_t mode = file.is_executable ? kExecutableMode : kMode;
  const auto at = static_cast<zip_uint64_t>(index);
  if (zip_file_set_mtime(archive, at, kModified, 0) != 0 ||
      zip_set_file_compression(archive, at, ZIP_CM_DEFLATE, 0) != 0 ||
      zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, static_cast<zip_uint32_t>(mode) << 16) != 0)
    return base::fail(failure(zip_strerror(archive)));
  return {};
}

base::Result<std::string> bytes_of(zip_source_t* source) {
  zip_stat_t status{};
  if (zip_source_stat(source, &status) != 0 || zip_source_open(source) != 0)
    return base::fail(failure(zip_error_strerror(zip_source_error(source))));
  std::string out(status.size, '\0');
  const zip_int64_t read = zip_source_read(source, out.data(), out.size());
  zip_source_close(source);
  if (read != static_cast<zip_int64_t>(out.size())) return base::fail(failure("it cannot be read back"));
  return out;
}

// `package` (empty: a new one) with these files added, which must not go away meanwhile.
base::Result<std::string> add_files(std::string_view package, const std::vector<PackageFile>& files) {
  zip_error_t error;
  zip_error_init(&error);
  // libzip 1.7 frees what it has written over, so the bytes must be its own.
  void* const copy = package.empty() ? nullptr : std::malloc(package.size());
  if (copy == nullptr && !package.empty()) return base::fail(failure("there is no memory"));
  if (copy != nullptr) std::memcpy(copy, package.data(), package.size());
  const Source source(zip_source_buffer_create(copy, package.size(), 1, &error));
  if (source == nullptr) {
    std::free(copy);
    return base::fail(failure(zip_error_strerror(&error)));
  }
  zip_source_keep(source.get());  // closing the archive frees one reference
  zip_t* archive = zip_open_from_source(source.get(), package.empty() ? ZIP_TRUNCATE : 0, &error);
  if (archive == nullptr) {
    zip_source_free(source.get());
    return base::fail(failure(zip_error_strerror(&error)));
  }
  base::Result<void> added;
  for (const PackageFile& file : files)
    if (added.has_value()) added = add(archive, file);
  if (added.has_value() && zip_close(archive) != 0) added = base::fail(failure(zip_strerror(archive)));
  if (!added.has_value()) {
    zip_discard(archive);
    return base::fail(std::move(added).error());
  }
  return bytes_of(source.get());
}

struct ArchiveDiscard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, ArchiveDiscard>;

// To read it, while `package` is there; null if it is no archive.
Archive open_archive(std::string_view package) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(package.data(), package.size(), 0, &error);
  if (source == nullptr) return nullptr;
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) zip_source_free(source);
  return archive;
}

// The beginning of a file in an archive; empty if it is not there.
std::string beginning_of(std::string_view package, const char* name, std::size_t size) {
  const Archive archive = open_archive(package);
  zip_file_t* file = archive == nullptr ? nullptr : zip_fopen(archive.get(), name, 0);
  if (file == nullptr) return {};
  std::string out(size, '\0');
  const zip_int64_t read = zip_fread(file, out.data(), out.size());
  out.resize(static_cast<std::size_t>(std::max<zip_int64_t>(read, 0)));
  zip_fclose(file);
  return out;
}

}  // namespace

bool forbids_execution(std::string_view package) {
  const Archive archive = open_archive(package);
  const zip_int64_t at = archive == nullptr ? -1 : zip_name_locate(archive.get(), "bootstrap", 0);
  zip_uint8_t system = ZIP_OPSYS_DOS;
  zip_uint32_t attributes = 0;
  if (at < 0 ||
      zip_file_get_external_attributes(archive.get(), static_cast<zip_uint64_t>(at), 0, &system, &attributes) != 0)
    return false;
  const zip_uint32_t mode = attributes >> 16;
  return system == ZIP_OPSYS_UNIX && mode != 0 && (mode & 0111) == 0;
}

std::string architecture_of(std::string_view package) {
  const std::string head = beginning_of(package, "bootstrap", sizeof(Elf64_Ehdr));
  if (head.size() < sizeof(Elf64_Ehdr) ||
      !head.starts_with("\x7f"
                        "ELF") ||
      head[EI_CLASS] != ELFCLASS64)
    return {};
  Elf64_Ehdr elf;
  std::memcpy(&elf, head.data(), sizeof elf);
  return elf.e_machine == EM_X86_64 ? "x86_64" : elf.e_machine == EM_AARCH64 ? "arm64" : "";
}

base::Result<std::string> make_package(const std::vector<PackageFile>& files) {
  return add_files("", files);
}

base::Result<std::string> with_files(std::string_view package, const std::vector<PackageFile>& files) {
  if (package.empty()) return base::fail(failure("it is no archive"));
  return add_files(package, files);
}

}  // namespace cli
