#include "store/rocksdb/log_scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "store/rocksdb/directory_lock.h"

namespace store {
namespace {

namespace fs = std::filesystem;

// RocksDB's format of a log (its wiki, "Write Ahead Log File Format"): blocks of 32 KiB with fragments of records in
// them, each a masked CRC-32C of type and payload (4 bytes), the payload's length (2), the type (1), the payload. Less
// than a header's room at the end of a block is left zero. The newer types, of recycled and of compressed logs, are
// not in use here.
constexpr std::size_t kBlockBytes = 32 << 10;
constexpr std::size_t kHeaderBytes = 7;
enum class FragmentType : unsigned char { full = 1, first = 2, middle = 3, last = 4 };

// The end of a batch: a put (1) of kCommitKey, with the lengths of key and value before each.
constexpr std::size_t kCommitTailBytesMax = 1 + 1 + kCommitKey.size() + 1 + 16;

struct Fragment {
  FragmentType type;
  std::string_view payload;
  std::size_t end;  // where the next one begins
  [[nodiscard]] bool ends_record() const { return type == FragmentType::full || type == FragmentType::last; }
};

uint32_t number_at(std::string_view bytes, std::size_t at, int count) {
  uint32_t number = 0;
  for (int i = count - 1; i >= 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[at + std::size_t(i)]);
  return number;
}

uint32_t masked(uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

std::size_t block_end(std::size_t at) {
  return (at / kBlockBytes + 1) * kBlockBytes;
}

// What would be a fragment there, if the checksum is right.
std::optional<Fragment> parse_at(std::string_view bytes, std::size_t at) {
  const std::size_t end = std::min(bytes.size(), block_end(at));
  if (at + kHeaderBytes > end) return std::nullopt;
  const auto type = static_cast<unsigned char>(bytes[at + 6]);
  const std::size_t next = at + kHeaderBytes + number_at(bytes, at + 4, 2);
  if (type < 1 || type > 4 || next > end) return std::nullopt;
  Fragment out{static_cast<FragmentType>(type), bytes.substr(at + kHeaderBytes, next - at - kHeaderBytes), next};
  // A record goes on in the next block only because this one is full.
  if (!out.ends_record() && next != block_end(at)) return std::nullopt;
  if (block_end(at) - std::min(next, block_end(at)) < kHeaderBytes) out.end = block_end(at);
  return out;
}

// The whole and intact fragment that begins there, if there is one.
std::optional<Fragment> fragment_at(std::string_view bytes, std::size_t at) {
  auto out = parse_at(bytes, at);
  if (out && number_at(bytes, at, 4) != masked(base::crc32c(bytes.substr(at + 6, 1 + out->payload.size()))))
    return std::nullopt;
  return out;
}

// What the end of a batch says.
std::optional<Commit> commit_of(std::string_view batch) {
  for (const std::size_t value_bytes : {16, 8}) {
    std::string put("\x01", 1);
    put.append(1, static_cast<char>(kCommitKey.size())).append(kCommitKey).append(1, static_cast<char>(value_bytes));
    if (batch.size() < put.size() + value_bytes) continue;
    const std::string_view value = batch.substr(batch.size() - value_bytes);
    if (batch.substr(0, batch.size() - value_bytes).ends_with(put)) return decode_commit(value);
  }
  return std::nullopt;
}

// The end of a record of which a part may be missing: enough to find the commit in it.
class RecordEnd {
 public:
  // The record's commit if the fragment is its last one. `at` and `fragment.end` say which fragments follow each other.
  std::optional<Commit> feed(const Fragment& fragment, std::size_t at) {
    const bool begins = fragment.type == FragmentType::full || fragment.type == FragmentType::first;
    if (begins || at != expected_at_) tail_.clear();
    is_whole_ = begins || (at == expected_at_ && is_whole_);
    expected_at_ = fragment.end;
    tail_.append(
        fragment.payload.substr(fragment.payload.size() - std::min(fragment.payload.size(), kCommitTailBytesMax)));
    if (tail_.size() > kCommitTailBytesMax) tail_.erase(0, tail_.size() - kCommitTailBytesMax);
    if (!fragment.ends_record()) return std::nullopt;
    return commit_of(tail_);
  }
  // Whether every fragment of the record has been there.
  [[nodiscard]] bool is_whole() const { return is_whole_; }

 private:
  std::string tail_;
  std::size_t expected_at_ = 0;
  bool is_whole_ = false;
};

// Where the records end that follow each other from the file's first byte on; `scan.last` follows.
std::size_t follow_records(std::string_view bytes, bool& begun, LogScan& scan) {
  RecordEnd record;
  std::size_t good = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto fragment = fragment_at(bytes, at);
    if (!fragment) return good;
    const auto commit = record.feed(*fragment, at);
    const bool ends = fragment->ends_record();
    if (!record.is_whole() || (ends && !commit)) return good;
    at = fragment->end;
    if (!ends) continue;
    // The first may be in the tables already.
    const bool follows = begun ? commit->sequence == scan.last + 1 : commit->sequence <= scan.last + 1;
    if (!follows) return good;
    begun = true;
    scan.last = commit->sequence;
    scan.proved = std::max(scan.proved, commit->durable);
    good = std::min(at, bytes.size());
  }
  return good;
}

// What the records behind the damage say. They may begin anywhere.
void read_proofs(std::string_view bytes, std::size_t from, LogScan& scan) {
  RecordEnd record;
  for (std::size_t at = from; at + kHeaderBytes <= bytes.size();) {
    // Most offsets of garbage are no record's, which its end tells sooner than its checksum.
    const auto candidate = parse_at(bytes, at);
    const bool is_none = !candidate || (candidate->ends_record() && candidate->payload.size() >= kCommitTailBytesMax &&
                                        !commit_of(candidate->payload));
    const auto fragment = is_none ? std::nullopt : fragment_at(bytes, at);
    if (!fragment) {
      ++at;
      continue;
    }
    if (const auto commit = record.feed(*fragment, at)) scan.proved = std::max(scan.proved, commit->durable);
    at = fragment->end;
  }
}

std::optional<std::string> contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  return in.is_open() && !in.bad() ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<uint64_t> log_number(const fs::path& file) {
  if (file.extension() != ".log") return std::nullopt;
  const std::string digits = file.stem().string();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::vector<std::pair<uint64_t, std::string>> logs_in(const std::string& path) {
  std::vector<std::pair<uint64_t, std::string>> logs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (const auto number = log_number(entry.path())) logs.emplace_back(*number, entry.path().string());
  }
  std::ranges::sort(logs);
  return logs;
}

void append(std::string& out, CommitSequence number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

CommitSequence read_number(std::string_view bytes) {
  CommitSequence number = 0;
  for (const char c : bytes.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::string encode_commit(const Commit& commit) {
  std::string bytes;
  append(bytes, commit.sequence);
  append(bytes, commit.durable);
  return bytes;
}

std::optional<Commit> decode_commit(std::string_view bytes) {
  if (bytes.size() == 16) return Commit{read_number(bytes), read_number(bytes.substr(8))};
  if (bytes.size() != 8) return std::nullopt;
  const CommitSequence sequence = read_number(bytes);
  return Commit{sequence, sequence == 0 ? 0 : sequence - 1};
}

std::expected<LogScan, OpenError> scan_logs(const std::string& path, uint64_t number_min, CommitSequence in_tables) {
  LogScan scan;
  scan.last = in_tables;
  bool begun = false;
  for (const auto& [number, file] : logs_in(path)) {
    if (number < number_min) continue;  // in the tables already
    const auto bytes = contents(file);
    if (!bytes) return std::unexpected(system_error("read", file));
    const std::size_t good = follow_records(*bytes, begun, scan);
    if (good == bytes->size()) continue;
    scan.cuts.push_back({file, good});
    read_proofs(*bytes, good, scan);
  }
  return scan;
}

std::expected<void, OpenError> cut_files(const std::vector<Cut>& cuts, const std::string& path) {
  // The newest first: after a power cut in between, what is left is cut the same way.
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    const File file(open(cut->file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open() || ftruncate(file.get(), static_cast<off_t>(cut->good_bytes)) != 0 || fsync(file.get()) != 0)
      return std::unexpected(system_error("cut", cut->file));
  }
  if (!sync_directory(path)) return std::unexpected(system_error("sync", path));
  return {};
}

std::optional<Cut> find_torn_manifest(const std::string& path) {
  std::string name = contents(path + "/CURRENT").value_or("");
  while (name.ends_with('\n')) name.pop_back();
  if (!name.starts_with("MANIFEST-") || name.contains('/')) return std::nullopt;
  const std::string file = path + "/" + name;
  const auto bytes = contents(file);
  if (!bytes) return std::nullopt;
  RecordEnd record;
  std::size_t good = 0;
  for (std::size_t at = 0; at < bytes->size();) {
    const auto fragment = fragment_at(*bytes, at);
    if (!fragment) break;
    record.feed(*fragment, at);
    if (!record.is_whole()) break;
    at = fragment->end;
    if (fragment->ends_record()) good = std::min(at, bytes->size());
  }
  if (good == 0 || good == bytes->size()) return std::nullopt;
  return Cut{file, good};
}

std::expected<void, OpenError> sync_logs(const std::string& path) {
  for (const auto& [number, name] : logs_in(path)) {
    const File file(open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open() || fsync(file.get()) != 0) return std::unexpected(system_error("sync", name));
  }
  return {};
}

}  // namespace store
