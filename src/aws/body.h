// Body: the payload of an answer that may be too large to hold, such as GetObject's. Either bytes in memory or a
// source that is read while it is sent. A value; copies share the source, which only one reader may use.
#pragma once

#include <memory>
#include <string>

#include "aws/http/message.h"

namespace aws {

struct Body {
  std::string bytes;
  std::shared_ptr<http::BodySource> source;  // if set, `bytes` is unused

  Body() = default;
  Body(std::string held) : bytes(std::move(held)) {}  // NOLINT: a string is a body
  explicit Body(std::shared_ptr<http::BodySource> streamed) : source(std::move(streamed)) {}
  [[nodiscard]] uint64_t size() const { return source ? source->size() : bytes.size(); }
  // All the bytes, read into memory; a source is used up.
  [[nodiscard]] std::string take() {
    while (source) {
      const std::size_t before = bytes.size();
      source->read(bytes);
      if (bytes.size() == before) source = nullptr;
    }
    return std::move(bytes);
  }
};

}  // namespace aws
