// S3Service: the metrics of AWS/S3 that every bucket has. AWS stores them once a day; request metrics exist there only
// after PutBucketMetricsConfiguration, which is not offered here. Rules: S3 User Guide, "Metrics and dimensions".
#include "engine/s3/keys.h"
#include "engine/s3/object_record.h"
#include "engine/s3/service.h"
#include "engine/service_metrics.h"

namespace engine::s3 {

void S3Service::sample_metrics(base::Timestamp now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  if (options_.metrics == nullptr || sampled_day_ == day) return;
  sampled_day_ = day;
  std::vector<BucketRef> buckets;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, bucket] : buckets_) buckets.push_back(bucket);
  }
  for (const BucketRef& bucket : buckets) sample_bucket(*bucket, now);
}

// Counts objects, and the parts of uploads that nobody has completed, as AWS does. Reads every row: once a day is fine.
void S3Service::sample_bucket(const BucketRecord& bucket, base::Timestamp now) {
  uint64_t bytes = 0;
  uint64_t count = 0;
  const auto each_row = [this](std::string_view table, uint64_t id, const auto& visit) {
    const std::string rows = keys::rows(table, id);
    for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
      visit(cursor->value());
    }
  };
  each_row(keys::kObjectTable, bucket.id, [&](std::string_view value) {
    bytes += read_row<ObjectRecord>(value).size;
    ++count;
  });
  each_row(keys::kUploadTable, bucket.id, [&](std::string_view upload) {
    each_row(keys::kPartTable, read_row<UploadRecord>(upload).number, [&](std::string_view part) {
      bytes += read_row<PartRecord>(part).segment.size;
      ++count;
    });
  });
  const auto add = [&](std::string_view name, std::string_view storage_type, std::string_view unit, uint64_t value) {
    options_.metrics->add({bucket.account,
                           bucket.region,
                           "AWS/S3",
                           name,
                           {{"BucketName", bucket.name}, {"StorageType", storage_type}},
                           unit},
                          static_cast<double>(value), now);
  };
  add("BucketSizeBytes", "StandardStorage", "Bytes", bytes);
  add("NumberOfObjects", "AllStorageTypes", "Count", count);
}

}  // namespace engine::s3
