// Random operations on a standard queue with a dead-letter queue, against a model that is too simple to be wrong: a
// list of messages with their times. After every step both agree on how many messages are visible, delayed and in
// flight, and at the end on where every message went.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/sqs/message.h"
#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

constexpr int kMaxReceiveCount = 3;
constexpr int kRetentionSeconds = 60;

struct ModelMessage {
  enum class Fate { live, deleted, expired, moved } fate = Fate::live;
  base::Timestamp sent_at;
  base::Timestamp visible_at;
  int receives = 0;
  std::string handle;
};

class Model {
 public:
  std::map<std::string, ModelMessage> messages;  // by body
  void expire(base::Timestamp now) {
    for (auto& [body, m] : messages)
      if (m.fate == ModelMessage::Fate::live && m.sent_at + seconds(kRetentionSeconds) <= now)
        m.fate = ModelMessage::Fate::expired;
  }
  [[nodiscard]] std::string counts(base::Timestamp now) const {
    int visible = 0;
    int delayed = 0;
    int in_flight = 0;
    for (const auto& [body, m] : messages) {
      if (m.fate != ModelMessage::Fate::live) continue;
      ++(m.visible_at <= now ? visible : m.receives == 0 ? delayed : in_flight);
    }
    return std::to_string(visible) + "/" + std::to_string(delayed) + "/" + std::to_string(in_flight);
  }
  [[nodiscard]] std::size_t count(ModelMessage::Fate fate) const {
    return static_cast<std::size_t>(std::ranges::count_if(messages, [&](auto& m) { return m.second.fate == fate; }));
  }
};

class RandomRun {
 public:
  explicit RandomRun(unsigned seed) : random_(seed) {
    dlq_ = bed_.create("dlq", {{"MessageRetentionPeriod", "1209600"}});
    url_ = bed_.create("q", {{"RedrivePolicy", TestBed::redrive("dlq", kMaxReceiveCount)},
                             {"MessageRetentionPeriod", std::to_string(kRetentionSeconds)}});
  }
  void step() {
    model_.expire(now());
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return send();
      case 3:
      case 4:
      case 5:
      case 6:
        return receive();
      case 7:
        return remove();
      case 8:
        return change();
      case 9:
        return below(10) == 0 ? bed_.restart() : void();
      default:
        bed_.env.clock.advance(milliseconds(below(4000)));
    }
  }
  void check() {
    model_.expire(now());
    ASSERT_EQ(bed_.counts(url_), model_.counts(now()));
    ASSERT_EQ(bed_.attributes(dlq_)["ApproximateNumberOfMessages"],
              std::to_string(model_.count(ModelMessage::Fate::moved)));
  }
  // Every message that was sent is in exactly one place.
  void settle() {
    std::set<std::string> moved;
    for (auto messages = bed_.receive(dlq_, 10, 43200); !messages.empty(); messages = bed_.receive(dlq_, 10, 43200))
      for (const Message& m : messages) EXPECT_TRUE(moved.insert(*m.body).second) << *m.body << " was moved twice";
    for (const auto& [body, m] : model_.messages)
      EXPECT_EQ(moved.contains(body), m.fate == ModelMessage::Fate::moved) << body;
    EXPECT_GT(model_.count(ModelMessage::Fate::moved), 0u);
    EXPECT_GT(model_.count(ModelMessage::Fate::expired), 0u);
    EXPECT_GT(model_.count(ModelMessage::Fate::deleted), 0u);
  }

 private:
  base::Timestamp now() { return bed_.env.clock.now(); }
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  void send() {
    const std::string body = std::to_string(model_.messages.size());
    const int delay = below(3) == 0 ? below(10) : 0;
    bed_.send(url_, body, delay);
    ModelMessage& m = model_.messages[body];
    m.sent_at = now();
    m.visible_at = now() + seconds(delay);
  }
  void receive() {
    const int count = 1 + below(10);
    const int visibility = below(8);
    std::set<std::string> received;
    for (const Message& message : bed_.receive(url_, count, visibility)) {
      ModelMessage& m = model_.messages.at(*message.body);
      EXPECT_TRUE(received.insert(*message.body).second);
      EXPECT_EQ(m.fate, ModelMessage::Fate::live) << *message.body;
      EXPECT_LE(m.visible_at, now()) << *message.body;
      EXPECT_LT(m.receives, kMaxReceiveCount);
      EXPECT_EQ(*message.attributes->find("ApproximateReceiveCount"), std::to_string(++m.receives));
      m.visible_at = now() + seconds(visibility);
      m.handle = *message.receipt_handle;
    }
    // Messages whose receives were used up may have been moved on the way: those the service says it moved.
    sync_moved();
    if (static_cast<int>(received.size()) == count) return;
    for (const auto& [body, m] : model_.messages) {  // nothing visible was held back
      EXPECT_FALSE(m.fate == ModelMessage::Fate::live && m.visible_at <= now() && !received.contains(body)) << body;
    }
  }
  // Looks into the dead-letter queue without taking anything out of it.
  void sync_moved() {
    for (auto cursor = bed_.store->scan("sqs/message", "sqs/message\x01"); cursor->valid(); cursor->next()) {
      const auto message = StoredMessage::decode(cursor->value());
      if (message->dead_letter_source_arn.empty()) continue;
      ModelMessage& m = model_.messages.at(message->body);
      EXPECT_EQ(m.receives, kMaxReceiveCount);
      m.fate = ModelMessage::Fate::moved;
    }
  }
  ModelMessage* pick() {
    for (int i = 0; i < 5 && !model_.messages.empty(); ++i) {
      ModelMessage& m = model_.messages.at(std::to_string(below(static_cast<int>(model_.messages.size()))));
      if (m.fate == ModelMessage::Fate::live && !m.handle.empty()) return &m;
    }
    return nullptr;
  }
  void remove() {
    ModelMessage* m = pick();
    if (m == nullptr) return;
    bed_.ok(&SqsService::delete_message, DeleteMessageRequest{url_, m->handle});
    m->fate = ModelMessage::Fate::deleted;
  }
  void change() {
    ModelMessage* m = pick();
    if (m == nullptr) return;
    const int timeout = below(3) == 0 ? 40 + below(40) : below(20);
    bed_.ok(&SqsService::change_message_visibility, ChangeMessageVisibilityRequest{url_, m->handle, timeout});
    m->visible_at = now() + seconds(timeout);
  }

  TestBed bed_;
  Model model_;
  std::mt19937 random_;
  std::string url_;
  std::string dlq_;
};

TEST(Model, EveryMessageIsAccountedFor) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    RandomRun run(seed);
    for (int i = 0; i < 1500 && !testing::Test::HasFailure(); ++i) {
      run.step();
      run.check();
    }
    run.settle();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace engine::sqs
