#include "engine/s3/object_record.h"

#include "engine/record.h"

namespace engine::s3 {
namespace {

// One list for the three records: they share the headers.
enum Field : uint32_t {
  kSegment = 1,  // repeated: 1 chunk set, 2 size
  kSize = 2,
  kEtag = 3,
  kModifiedAt = 4,
  kChecksumAlgorithm = 5,
  kChecksumValue = 6,
  kComposite = 7,
  kUploadId = 8,
  kContentType = 9,
  kCacheControl = 10,
  kContentDisposition = 11,
  kContentEncoding = 12,
  kContentLanguage = 13,
  kExpires = 14,
  kMetadata = 15,  // repeated pair
  kNumber = 16,
  kInitiatedAt = 17,
  kInitiator = 18,
  kMd5 = 19,
  kPartChecksums = 20,
};

void encode_headers(const ObjectHeaders& headers, RecordWriter& writer) {
  const auto optional = [&](Field field, const std::optional<std::string>& value) {
    if (value) writer.text(field, *value);
  };
  writer.text(kContentType, headers.content_type);
  optional(kCacheControl, headers.cache_control);
  optional(kContentDisposition, headers.content_disposition);
  optional(kContentEncoding, headers.content_encoding);
  optional(kContentLanguage, headers.content_language);
  if (headers.expires) writer.time(kExpires, *headers.expires);
  for (const auto& [name, value] : headers.metadata) writer.pair(kMetadata, name, value);
}

void decode_header(const RecordReader& reader, ObjectHeaders& headers) {
  switch (reader.field()) {
    case kContentType:
      headers.content_type = reader.text();
      break;
    case kCacheControl:
      headers.cache_control = reader.text();
      break;
    case kContentDisposition:
      headers.content_disposition = reader.text();
      break;
    case kContentEncoding:
      headers.content_encoding = reader.text();
      break;
    case kContentLanguage:
      headers.content_language = reader.text();
      break;
    case kExpires:
      headers.expires = reader.time();
      break;
    case kMetadata: {
      const auto [name, value] = reader.pair();
      headers.metadata[name] = value;
      break;
    }
    default:
      break;
  }
}

RecordWriter encode_segment(const Segment& segment) {
  return std::move(RecordWriter().number(1, segment.chunk_set).number(2, segment.size));
}

bool decode_segment(std::string_view bytes, Segment& out) {
  RecordReader reader(bytes);
  while (reader.next()) (reader.field() == 1 ? out.chunk_set : out.size) = reader.number();
  return reader.ok() && out.chunk_set != 0;
}

bool decode_algorithm(uint64_t number, ChecksumAlgorithm& out) {
  out = static_cast<ChecksumAlgorithm>(number);
  return number <= static_cast<uint64_t>(ChecksumAlgorithm::sha256);
}

}  // namespace

base::Timestamp whole_second(base::Timestamp t) {
  return std::chrono::floor<std::chrono::seconds>(t);
}

std::string ObjectRecord::encode() const {
  RecordWriter writer;
  for (const Segment& segment : segments) writer.record(kSegment, encode_segment(segment));
  writer.number(kSize, size).text(kEtag, etag).time(kModifiedAt, modified_at);
  writer.number(kChecksumAlgorithm, static_cast<uint64_t>(checksum.algorithm)).text(kChecksumValue, checksum.value);
  writer.number(kComposite, checksum.composite ? 1 : 0).text(kUploadId, upload_id);
  if (!part_checksums.empty()) writer.text(kPartChecksums, part_checksums);
  encode_headers(headers, writer);
  return writer.take();
}

std::optional<Checksum> ObjectRecord::part_checksum(std::size_t index) const {
  if (!is_multipart() && checksum.algorithm != ChecksumAlgorithm::none) return checksum;
  if (part_checksums.empty() || segments.empty()) return std::nullopt;
  const std::size_t length = part_checksums.size() / segments.size();
  return Checksum{checksum.algorithm,
                  base::base64_encode(std::string_view(part_checksums).substr(index * length, length)),
                  checksum.composite};
}

std::optional<ObjectRecord> ObjectRecord::decode(std::string_view bytes) {
  ObjectRecord out;
  uint64_t bytes_of_segments = 0;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kSegment:
        if (!decode_segment(reader.text(), out.segments.emplace_back())) return std::nullopt;
        bytes_of_segments += out.segments.back().size;
        break;
      case kSize:
        out.size = reader.number();
        break;
      case kEtag:
        out.etag = reader.text();
        break;
      case kModifiedAt:
        out.modified_at = reader.time();
        break;
      case kChecksumAlgorithm:
        if (!decode_algorithm(reader.number(), out.checksum.algorithm)) return std::nullopt;
        break;
      case kChecksumValue:
        out.checksum.value = reader.text();
        break;
      case kComposite:
        out.checksum.composite = reader.number() != 0;
        break;
      case kUploadId:
        out.upload_id = reader.text();
        break;
      case kPartChecksums:
        out.part_checksums = reader.text();
        break;
      default:
        decode_header(reader, out.headers);
    }
  }
  return reader.ok() && bytes_of_segments == out.size ? std::optional(std::move(out)) : std::nullopt;
}

std::string UploadRecord::encode() const {
  RecordWriter writer;
  writer.number(kNumber, number).time(kInitiatedAt, initiated_at).text(kInitiator, initiator);
  writer.number(kChecksumAlgorithm, static_cast<uint64_t>(algorithm)).number(kComposite, composite ? 1 : 0);
  encode_headers(headers, writer);
  return writer.take();
}

std::optional<UploadRecord> UploadRecord::decode(std::string_view bytes) {
  UploadRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kNumber:
        out.number = reader.number();
        break;
      case kInitiatedAt:
        out.initiated_at = reader.time();
        break;
      case kInitiator:
        out.initiator = reader.text();
        break;
      case kChecksumAlgorithm:
        if (!decode_algorithm(reader.number(), out.algorithm)) return std::nullopt;
        break;
      case kComposite:
        out.composite = reader.number() != 0;
        break;
      default:
        decode_header(reader, out.headers);
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string PartRecord::encode() const {
  RecordWriter writer;
  writer.record(kSegment, encode_segment(segment)).text(kMd5, md5).text(kChecksumValue, checksum);
  return writer.time(kModifiedAt, modified_at).take();
}

std::optional<PartRecord> PartRecord::decode(std::string_view bytes) {
  PartRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kSegment:
        if (!decode_segment(reader.text(), out.segment)) return std::nullopt;
        break;
      case kMd5:
        out.md5 = reader.text();
        break;
      case kChecksumValue:
        out.checksum = reader.text();
        break;
      case kModifiedAt:
        out.modified_at = reader.time();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::s3
