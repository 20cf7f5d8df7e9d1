// RequestMetrics: requests counted by service, operation, outcome and reason of refusal, for whoever watches the
// engine. Only operations that are here have series of their own, so that nobody who asks for others makes any. Owned
// by the composition root; safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aws/shape.h"
#include "metrics/open_metrics.h"
#include "server/request_record.h"

namespace server {

class RequestMetrics final : public RequestObserver {
 public:
  // `services` are static.
  explicit RequestMetrics(const std::vector<const aws::ServiceDesc*>& services);

  void on_answered(const RequestRecord& record) override;
  // The HTTP server has refused a request by itself.
  void on_http_refused(int status);
  void write(metrics::Writer& writer) const;

 private:
  static constexpr std::size_t kOutcomes = 5;
  struct Operation {
    std::string_view service, name;
    std::array<metrics::Counter, kOutcomes> outcomes;
    metrics::Histogram* durations;  // of the service
  };
  // Of a signature or a policy by its kind, which are few; all made at the start.
  struct Reason {
    std::string_view reason, kind;
    metrics::Counter count;
  };
  Operation& add(std::string_view service, std::string_view name);

  std::map<std::string_view, metrics::Histogram> durations_;               // by service
  std::vector<std::unique_ptr<Operation>> operations_;                     // the first: unknown
  std::unordered_map<std::string_view, std::vector<Operation*>> by_name_;  // of operations
  std::vector<std::unique_ptr<Reason>> reasons_;                           // the first: other
  std::map<int, metrics::Counter> http_refused_;                           // by status; 0: another
  metrics::Counter bytes_in_;
};

}  // namespace server
