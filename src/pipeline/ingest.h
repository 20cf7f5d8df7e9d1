// Ingest: the ingest function. Streams an uploaded document of orders from S3, cuts it into orders and sends each to
// the queue, ten at a time. What it did is in the uploads table. A repeated event sends the same orders with the same
// sources again, which the process function recognises. Safe from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/event.h"
#include "pipeline/record_splitter.h"
#include "pipeline/rejection.h"
#include "pipeline/rows.h"

namespace pipeline {

class OrderSender;

class Ingest {
 public:
  Ingest(aws::s3::S3& s3, aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env, PipelineConfig config,
         const DocumentFormat& documents = {});

  // One invocation: the payload of its answer, or why it has to be tried again (infrastructure) or what the event
  // lacks. A document that is no list of orders is not an error of the function: the upload's row says FAILED and why.
  // With `file_content` the document is put into the bucket, from where its own event brings it back.
  struct Answer {
    std::string payload;
    int64_t uploads_failed = 0;  // of the documents of this invocation, but for those of which it was known
    ReasonCounts quarantined;    // orders that no message can carry
  };
  std::expected<Answer, std::string> handle(std::string_view payload, base::Timestamp deadline);

 private:
  // What a document held. `error` says why it cannot be read (on) as orders; empty if it could.
  struct Reading {
    uint64_t orders = 0;
    std::string error;
    bool was_known = false;  // an earlier event of the same upload came to the same error
    ReasonCounts quarantined = {};
  };
  std::expected<std::string, std::string> store_content(std::string content);
  std::expected<Reading, std::string> read(const ObjectRecord& object, base::Timestamp deadline);
  // Gives every order of the document to the sender. The error is one of the infrastructure.
  std::expected<Reading, std::string> stream(const ObjectRecord& object, base::Timestamp deadline, OrderSender& sender);
  // Notes that it is being read, unless its row says FAILED: then the error in it is the answer, and stays until the
  // document has been read again.
  std::expected<std::string, std::string> begin_upload(const ObjectRecord& object, std::string_view id);
  std::expected<void, std::string> end_upload(const ObjectRecord& object, std::string_view id, const Reading& reading);
  [[nodiscard]] aws::dynamodb::PutItemInput upload_row(const ObjectRecord& object, std::string_view id,
                                                       std::string_view state);

  aws::s3::S3& s3_;
  aws::sqs::Sqs& sqs_;
  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig config_;
  const DocumentFormat documents_;
};

}  // namespace pipeline
