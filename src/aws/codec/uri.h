// Request targets of the two REST protocols, both ways: which operation a method, path and query select, and the
// target that an operation's input makes. A UriMatcher is built once per service and is safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/codec/codec.h"
#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/result.h"

namespace aws::codec {

struct Parameter {
  std::string name;
  std::string value;
  bool operator==(const Parameter&) const = default;
};

constexpr std::size_t kParametersMax = 200'000;  // a full PutMetricData has 100,000

// The parameters of a query string or form, percent-decoded ('+' is a space), in order. nullopt for a broken escape,
// text that is not UTF-8, or more than kParametersMax parameters.
std::optional<std::vector<Parameter>> parse_parameters(std::string_view text);

// The first value of `name` (exact case), or nullptr.
const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

// S3: whether a parameter stands for the header of its name, as in presigned URLs of SDKs that hoist headers into the
// query. Checksums do only if X-Amz-SignedHeaders names them (or SigV2 signs, which signs them all): the AWS SDK for
// JavaScript v3 puts that of an empty body into every URL, before anybody knows what will be uploaded.
bool stands_for_header(const Parameter& parameter, const std::vector<Parameter>& parameters);

struct UriMatch {
  const OperationDesc* operation;
  UriLabels labels;
};

class UriMatcher {
 public:
  // `service` must outlive the matcher; labels of a match point into it.
  explicit UriMatcher(const ServiceDesc& service);

  // `path` and `query` are raw; for S3 the path begins with the bucket (the caller rewrites virtual-host style). The
  // most literal path wins, then the operation whose template names the most query keys, then the one that requires
  // most of the query keys and headers at hand (UploadPart over PutObject, CopyObject by x-amz-copy-source).
  // Fails with AWS's words for: no such path or method (rest-json UnknownOperationException, S3 MethodNotAllowed), a
  // broken escape (InvalidURI), and for S3 a sub-resource that the operation does not know (NotImplemented, with the
  // name of the operation that AWS has there), so that PUT /bucket?acl never creates a bucket (protocols.md 4.5 item
  // 22).
  [[nodiscard]] base::Result<UriMatch> match(std::string_view method, std::string_view path, std::string_view query,
                                             const http::Headers& headers) const;

 private:
  struct Segment {
    std::string_view text;  // literal, or the label's name
    bool label;
    bool greedy;
  };
  struct Key {
    std::string_view name;
    std::string_view value;  // empty: any
  };
  struct Route {
    const OperationDesc* operation;
    std::vector<Segment> segments;
    std::vector<Key> keys;
    std::string shape;  // one letter per segment, greater is more literal
  };
  struct Call;

  static Route parse_template(const OperationDesc& operation);
  [[nodiscard]] base::Result<UriMatch> finish(const Route& route, const Call& call) const;
  [[nodiscard]] base::AwsError unknown(std::string_view method, std::string_view path, bool path_known) const;

  const ServiceDesc& service_;
  bool s3_;
  std::vector<Route> routes_;
};

// Client: path and query of a request: labels, the template's own keys, then members in the query. Fails with
// "ParamValidation" if a label is absent or empty.
base::Result<std::string> expand_uri(const OperationDesc& operation, const void* in);

}  // namespace aws::codec
