// Tags on the resources of a stack. Each kind has calls of its own for them.
#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "pipeline/stack.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

// How the tags of one resource are read and put.
struct Tagging {
  std::function<base::Result<Tags>()> read;
  std::function<base::Result<void>(const Tags&)> put;
};

Tags from_map(const std::optional<aws::Map<std::string>>& map) {
  Tags out;
  if (!map.has_value()) return out;
  for (const auto& [name, value] : *map) out.emplace_back(name, value);
  return out;
}

aws::Map<std::string> to_map(const Tags& tags) {
  aws::Map<std::string> out;
  for (const auto& [name, value] : tags) out.append(name) = value;
  return out;
}

template <class T>
void append(const std::optional<std::vector<T>>& list, Tags& out) {
  for (const T& tag : list.value_or(std::vector<T>())) out.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
}

template <class T>
void put_into(std::optional<std::vector<T>>& list, const Tags& tags) {
  list.emplace();
  for (const auto& [name, value] : tags) {
    T& tag = list->emplace_back();
    tag.key = name;
    tag.value = value;
  }
}

Tagging of_table(const Site& site, const std::string& name) {
  const std::string arn = site.arn("dynamodb", "table/" + name);
  return {[&site, arn]() -> base::Result<Tags> {
            Tags out;
            aws::dynamodb::ListTagsOfResourceInput list;
            list.resource_arn = arn;
            do {
              aws::Context context = site.call();
              TRY_ASSIGN(const auto page, site.services.dynamodb.list_tags_of_resource(context, list));
              append(page.tags, out);
              list.next_token = page.next_token;
            } while (!list.next_token.value_or("").empty());
            return out;
          },
          [&site, arn](const Tags& tags) -> base::Result<void> {
            aws::dynamodb::TagResourceInput put;
            put.resource_arn = arn;
            put_into(put.tags, tags);
            aws::Context context = site.call();
            TRY(site.services.dynamodb.tag_resource(context, std::move(put)));
            return {};
          }};
}

Tagging of_queue(const Site& site, const std::string& name) {
  const std::string url = site.queue_url(name);
  return {[&site, url]() -> base::Result<Tags> {
            aws::sqs::ListQueueTagsRequest list;
            list.queue_url = url;
            aws::Context context = site.call();
            TRY_ASSIGN(const auto listed, site.services.sqs.list_queue_tags(context, std::move(list)));
            return from_map(listed.tags);
          },
          [&site, url](const Tags& tags) -> base::Result<void> {
            aws::sqs::TagQueueRequest put;
            put.queue_url = url;
            put.tags = to_map(tags);
            aws::Context context = site.call();
            TRY(site.services.sqs.tag_queue(context, std::move(put)));
            return {};
          }};
}

Tagging of_topic(const Site& site, const std::string& name) {
  const std::string arn = site.topic_arn(name);
  return {[&site, arn]() -> base::Result<Tags> {
            aws::sns::ListTagsForResourceRequest list;
            list.resource_arn = arn;
            aws::Context context = site.call();
            TRY_ASSIGN(const auto listed, site.services.sns.list_tags_for_resource(context, std::move(list)));
            Tags out;
            append(listed.tags, out);
            return out;
          },
          [&site, arn](const Tags& tags) -> base::Result<void> {
            aws::sns::TagResourceRequest put;
            put.resource_arn = arn;
            put_into(put.tags, tags);
            aws::Context context = site.call();
            TRY(site.services.sns.tag_resource(context, std::move(put)));
            return {};
          }};
}

Tagging of_function(const Site& site, const std::string& name) {
  const std::string arn = site.arn("lambda", "function:" + name);
  return {[&site, arn]() -> base::Result<Tags> {
            aws::lambda::ListTagsRequest list;
            list.resource = arn;
            aws::Context context = site.call();
            TRY_ASSIGN(const auto listed, site.services.lambda.list_tags(context, std::move(list)));
            return from_map(listed.tags);
          },
          [&site, arn](const Tags& tags) -> base::Result<void> {
            aws::lambda::TagResourceRequest put;
            put.resource = arn;
            put.tags = to_map(tags);
            aws::Context context = site.call();
            TRY(site.services.lambda.tag_resource(context, std::move(put)));
            return {};
          }};
}

Tagging of_role(const Site& site, const std::string& name) {
  return {[&site, name]() -> base::Result<Tags> {
            Tags out;
            aws::iam::ListRoleTagsRequest list;
            list.role_name = name;
            while (true) {
              aws::Context context = site.call();
              TRY_ASSIGN(const auto page, site.services.iam.list_role_tags(context, list));
              append(page.tags, out);
              if (!page.is_truncated.value_or(false)) return out;
              list.marker = page.marker;
            }
          },
          [&site, name](const Tags& tags) -> base::Result<void> {
            aws::iam::TagRoleRequest put;
            put.role_name = name;
            put_into(put.tags, tags);
            aws::Context context = site.call();
            TRY(site.services.iam.tag_role(context, std::move(put)));
            return {};
          }};
}

Tagging of_log_group(const Site& site, const std::string& name) {
  const std::string arn = site.arn("logs", "log-group:" + name);
  return {[&site, arn]() -> base::Result<Tags> {
            aws::logs::ListTagsForResourceRequest list;
            list.resource_arn = arn;
            aws::Context context = site.call();
            TRY_ASSIGN(const auto listed, site.services.logs.list_tags_for_resource(context, std::move(list)));
            return from_map(listed.tags);
          },
          [&site, arn](const Tags& tags) -> base::Result<void> {
            aws::logs::TagResourceRequest put;
            put.resource_arn = arn;
            put.tags = to_map(tags);
            aws::Context context = site.call();
            TRY(site.services.logs.tag_resource(context, std::move(put)));
            return {};
          }};
}

Tagging of_alarm(const Site& site, const std::string& name) {
  const std::string arn = site.arn("cloudwatch", "alarm:" + name);
  return {[&site, arn]() -> base::Result<Tags> {
            aws::cloudwatch::ListTagsForResourceInput list;
            list.resource_arn = arn;
            aws::Context context = site.call();
            TRY_ASSIGN(const auto listed, site.services.cloudwatch.list_tags_for_resource(context, std::move(list)));
            Tags out;
            append(listed.tags, out);
            return out;
          },
          [&site, arn](const Tags& tags) -> base::Result<void> {
            aws::cloudwatch::TagResourceInput put;
            put.resource_arn = arn;
            put_into(put.tags, tags);
            aws::Context context = site.call();
            TRY(site.services.cloudwatch.tag_resource(context, std::move(put)));
            return {};
          }};
}

// The engine's buckets have no tags; subscriptions, notifications and permissions have none on AWS either, and a
// mapping is found by its function.
std::optional<Tagging> tagging_of(const Site& site, const Resource& resource) {
  constexpr std::pair<std::string_view, Tagging (*)(const Site&, const std::string&)> kKinds[] = {
      {"table", of_table}, {"queue", of_queue},         {"topic", of_topic}, {"function", of_function},
      {"role", of_role},   {"log group", of_log_group}, {"alarm", of_alarm}};
  for (const auto& [kind, tagging] : kKinds)
    if (kind == resource.kind()) return tagging(site, resource.name());
  return std::nullopt;
}

class Tagged final : public Resource {
 public:
  Tagged(std::unique_ptr<Resource> resource, Tagging tagging, Tags tags)
      : Resource(resource->kind(), resource->name()),
        resource_(std::move(resource)),
        tagging_(std::move(tagging)),
        tags_(std::move(tags)) {}

  [[nodiscard]] bool holds_data() const override { return resource_->holds_data(); }
  [[nodiscard]] ResourceSpec spec() const override { return resource_->spec(); }
  [[nodiscard]] Tags tags() const override {
    Tags out = resource_->tags();
    out.insert(out.end(), tags_.begin(), tags_.end());
    return out;
  }
  [[nodiscard]] Properties wanted() const override {
    Properties out = resource_->wanted();
    append_to(out, tags_);
    return out;
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(auto now, resource_->describe());
    if (!now.has_value()) return std::nullopt;
    TRY_ASSIGN(const Tags tags, tagging_.read());
    append_to(*now, tags);
    return now;
  }

  base::Result<void> create() override {
    TRY(resource_->create());
    return tagging_.put(tags_);
  }

  base::Result<void> change() override {
    TRY_ASSIGN(const PlannedStep without_tags, compare(*resource_));
    if (without_tags.action != Action::leave) TRY(resource_->change());
    return tagging_.put(tags_);
  }

  base::Result<void> remove() override { return resource_->remove(); }

 private:
  static void append_to(Properties& properties, const Tags& tags) {
    for (const auto& [name, value] : tags) properties.push_back({"tag " + name, value});
  }

  const std::unique_ptr<Resource> resource_;
  const Tagging tagging_;
  const Tags tags_;
};

}  // namespace

std::unique_ptr<Resource> with_tags(const Site& site, std::unique_ptr<Resource> resource, const Tags& tags) {
  if (tags.empty()) return resource;
  auto tagging = tagging_of(site, *resource);
  if (!tagging.has_value()) return resource;
  return std::make_unique<Tagged>(std::move(resource), std::move(*tagging), tags);
}

}  // namespace pipeline
