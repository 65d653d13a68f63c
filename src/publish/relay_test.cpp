#include "publish/relay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "base/log.h"
#include "publish/testing/memory_outbox.h"

namespace carillon::publish {
namespace {

using std::chrono::seconds;
using testing::MemoryOutbox;
using testing::row;

// What tests see of a sink; shared with them, since the relay owns the sink.
// What a sink was asked and how it answers. The answer runs in the relay's thread, which may outlive the body of a
// test: it may refer to members of the fixture, never to a test's locals.
struct Seen {
  using Answer = std::function<Published(const std::vector<OutboxRow>&)>;
  std::mutex mutex;
  std::vector<std::int64_t> positions;
  Answer answer = [](const auto& rows) { return all_done(rows); };
  std::atomic<int> asked = 0;
  std::optional<KnownEvent> known;  // what the sink holds before it begins
  std::atomic<int> forgotten = 0;

  void set_answer(Answer next) {
    const std::scoped_lock lock(mutex);
    answer = std::move(next);
  }
  Answer current_answer() {
    const std::scoped_lock lock(mutex);
    return answer;
  }

  std::vector<std::int64_t> so_far() {
    const std::scoped_lock lock(mutex);
    return positions;
  }
};

class TestSink final : public Sink {
 public:
  TestSink(std::string name, Seen& seen, int batch = 500) : name_(std::move(name)), seen_(seen), batch_(batch) {}
  std::string name() const override { return name_; }
  int batch() const override { return batch_; }
  bool wants(const PublishedEvent& event) const override { return event.type != EventType::kDonation; }
  std::optional<KnownEvent> last_known() override { return seen_.known; }
  void forget_position() override { ++seen_.forgotten; }
  Published publish(const std::vector<OutboxRow>& rows) override {
    ++seen_.asked;
    const auto published = seen_.current_answer()(rows);
    const std::scoped_lock lock(seen_.mutex);
    for (std::size_t i = 0; i < published.done; ++i) {
      const bool is_refused =
          std::ranges::any_of(published.refused, [&](const auto& refused) { return refused.first == i; });
      if (!is_refused) seen_.positions.push_back(rows[i].position);
    }
    return published;
  }

 private:
  std::string name_;
  Seen& seen_;
  int batch_;
};

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() { log::set_up(log::Format::kText, "off"); }
  void TearDown() override { may_go = true; }  // a sink that hangs would hold up the relay's end

  void start(int batch = 500, RelayOptions options = {}) {
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<TestSink>("one", one, batch));
    sinks.push_back(std::make_unique<TestSink>("two", two, batch));
    relay = std::make_unique<Relay>(outbox, std::move(sinks), options);
  }
  template <class Condition>
  void wait_until(Condition condition, const char* what) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  static std::vector<std::int64_t> from_to(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> positions;
    for (; from <= to; ++from) positions.push_back(from);
    return positions;
  }
  static RelayOptions quick() {
    RelayOptions options;
    options.back_off.first = std::chrono::milliseconds(2);
    options.back_off.longest = std::chrono::milliseconds(10);
    return options;
  }

  MemoryOutbox outbox{1'200};
  Seen one;
  Seen two;
  std::atomic<bool> may_go = false;
  std::unique_ptr<Relay> relay;
};

TEST_F(RelayTest, CarriesEverythingInOrderToASinkThatFailsNowAndThen) {
  one.set_answer([&](const auto& rows) {
    if (one.asked % 3 == 1) return none_done(Error(ErrorCode::Io, "not now"));
    return Published{std::min<std::size_t>(rows.size(), 70), {}, Error(ErrorCode::Io, "only some"), {}};
  });
  start(100, quick());
  wait_until([&] { return one.so_far().size() == 1'200; }, "not all events came");
  relay->finish(seconds(30));
  EXPECT_EQ(one.so_far(), from_to(1, 1'200));
  EXPECT_EQ(outbox.kept("one"), 1'200);
}

TEST_F(RelayTest, ADeadSinkHoldsUpNoOther) {
  one.set_answer([](const auto&) { return none_done(Error(ErrorCode::Io, "dead")); });
  start();
  wait_until([&] { return two.so_far().size() == 1'200; }, "the other sink waits");
  wait_until([&] { return !relay->states()[0].trouble.empty(); }, "its trouble is not shown");
  const auto states = relay->states();
  EXPECT_NE(states[0].trouble.find("dead"), std::string::npos);
  EXPECT_EQ(states[0].lag, 1'200);
  EXPECT_TRUE(states[0].next_try.has_value());
  EXPECT_EQ(relay->lag(), 1'200) << "the slowest";
  EXPECT_EQ(states[1].trouble, "");
}

TEST_F(RelayTest, ASinkThatHangsHoldsUpNoOther) {
  one.set_answer([&](const auto& rows) {
    while (!may_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return all_done(rows);
  });
  start();
  wait_until([&] { return two.so_far().size() == 1'200; }, "the other sink waits");
  outbox.add(row(1'201));
  relay->wake();
  wait_until([&] { return two.so_far().size() == 1'201; }, "the other sink does not hear of news");
  EXPECT_TRUE(one.so_far().empty());
}

TEST_F(RelayTest, WhatIsRefusedForGoodIsADeadLetterAndTheRestGoesOn) {
  one.set_answer([](const auto& rows) {
    auto published = all_done(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].position % 500 == 7) published.refused.emplace_back(i, "HTTP 422");
    }
    return published;
  });
  start();
  wait_until([&] { return one.so_far().size() == 1'197; }, "the others did not come");
  const auto letters = *outbox.dead_letters("one", 0, 10);
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[1].position, 507);
  EXPECT_EQ(letters[1].reason, "HTTP 422");

  one.set_answer([](const auto& rows) { return all_done(rows); });
  ASSERT_TRUE(relay->retry_dead_letters("one").has_value());
  wait_until([&] { return one.so_far().size() == 1'200; }, "dead letters are not sent again");
  wait_until([&] { return outbox.dead_letters("one", 0, 10)->empty(); }, "they are still dead letters");
}

// One after the other, also those behind a page of letters that are refused again.
TEST_F(RelayTest, DeadLettersAreAllOfferedOnceMoreAndOutliveTheirEvents) {
  one.set_answer([](const auto& rows) {
    auto published = all_done(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) published.refused.emplace_back(i, "HTTP 400");
    return published;
  });
  RelayOptions options;
  options.house_every = std::chrono::milliseconds(10);
  start(500, options);
  wait_until([&] { return outbox.size() == 0; }, "the old events are not forgotten");
  EXPECT_EQ(relay->states()[0].dead_letters, 1'200);
  one.set_answer([](const auto& rows) {
    auto published = all_done(rows);
    if (rows.front().position <= 1'000) published.refused.emplace_back(0, "HTTP 400");
    return published;
  });
  ASSERT_TRUE(relay->retry_dead_letters("one").has_value());
  wait_until([&] { return one.so_far().size() == 200; }, "not all were offered");
  EXPECT_EQ(one.so_far(), from_to(1'001, 1'200));
  wait_until([&] { return relay->states()[0].dead_letters == 1'000; }, "they are still counted");
}

TEST_F(RelayTest, ASinkThatTakesItsTimeIsAskedAgainAtOnce) {
  one.set_answer([](const auto& rows) { return Published{std::min<std::size_t>(rows.size(), 7), {}, {}, {}}; });
  start(100);
  wait_until([&] { return one.so_far().size() == 1'200; }, "not all events came");
  EXPECT_EQ(one.so_far(), from_to(1, 1'200));
}

TEST_F(RelayTest, WhatASinkHoldsIsBelievedOnlyOfThisLedger) {
  one.known = KnownEvent{1'000, event_id(row(1'000).event)};
  two.known = KnownEvent{1'000, "another-1000"};
  start();
  wait_until([&] { return relay->lag() == 0; }, "not all events came");
  EXPECT_EQ(one.so_far(), from_to(1'001, 1'200));
  EXPECT_EQ(two.so_far(), from_to(1, 1'200));
  EXPECT_EQ(two.forgotten, 1);
}

TEST_F(RelayTest, AnEventThatIsTriedForTooLongIsGivenUp) {
  one.set_answer([](const auto& rows) {
    const auto stuck = std::ranges::find(rows, 3, &OutboxRow::position);
    if (stuck == rows.end()) return all_done(rows);
    return Published{static_cast<std::size_t>(stuck - rows.begin()), {}, Error(ErrorCode::Io, "HTTP 500"), {}};
  });
  RelayOptions options = quick();
  options.back_off.give_up = std::chrono::milliseconds(50);
  start(500, options);
  wait_until([&] { return one.so_far().size() == 1'199; }, "it is not given up");
  const auto letters = *outbox.dead_letters("one", 0, 10);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].position, 3);
  EXPECT_NE(letters[0].reason.find("HTTP 500"), std::string::npos);
}

TEST_F(RelayTest, AReplayBringsEverythingOnceMoreFromThere) {
  start();
  wait_until([&] { return one.so_far().size() == 1'200; }, "not all events came");
  ASSERT_TRUE(relay->replay("one", 1'000).has_value());
  wait_until([&] { return one.so_far().size() == 1'401; }, "the replay does not come");
  EXPECT_EQ(one.so_far()[1'200], 1'000);
  EXPECT_EQ(two.so_far().size(), 1'200u);
  EXPECT_FALSE(relay->replay("three", 1).has_value());
}

TEST_F(RelayTest, WhatASinkDoesNotWantIsPassedOver) {
  outbox.add(row(1'201, EventType::kDonation));
  start();
  wait_until([&] { return relay->lag() == 0; }, "it waits for an event that nobody wants");
  EXPECT_EQ(one.so_far().size(), 1'200u);
}

TEST_F(RelayTest, BeginsBehindTheCursor) {
  outbox.keep_progress("one", 1'195, {});
  start();
  wait_until([&] { return two.so_far().size() == 1'200; }, "not all events came");
  relay->finish(seconds(30));
  EXPECT_EQ(one.so_far(), from_to(1'196, 1'200));
}

TEST_F(RelayTest, OldEventsAreForgottenButNoneThatASinkStillNeeds) {
  two.set_answer([](const auto& rows) {
    return rows.front().position > 700 ? none_done(Error(ErrorCode::Io, "dead")) : all_done(rows);
  });
  RelayOptions options;
  options.house_every = std::chrono::milliseconds(10);
  start(100, options);  // the events are of 2023
  wait_until([&] { return outbox.size() == 500; }, "what both have is not forgotten");
  const int looks = outbox.looks;
  wait_until([&] { return outbox.looks >= looks + 3; }, "the housekeeper looks no more");
  EXPECT_EQ(outbox.bounds()->first, 701);
}

TEST(BackOff, DoublesUpToABoundAndHeedsWhatIsAsked) {
  BackOff back_off({std::chrono::milliseconds(100), seconds(10), std::chrono::hours(1)});
  Time now{};
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 10; ++i) {
    back_off.on_trouble(now, 1, std::nullopt);
    pauses.push_back((*back_off.next_try() - now).count());
    now = *back_off.next_try();
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{100, 200, 400, 800, 1'600, 3'200, 6'400, 10'000, 10'000, 10'000}));
  back_off.on_trouble(now, 0, std::nullopt);
  EXPECT_EQ(*back_off.next_try() - now, seconds(5)) << "half of it is chance";
  back_off.on_trouble(now, 0, seconds(7));
  EXPECT_EQ(*back_off.next_try() - now, seconds(7));
  back_off.on_trouble(now, 0, std::chrono::hours(30));
  EXPECT_EQ(*back_off.next_try() - now, seconds(10)) << "nobody puts us off for a day";
  back_off.on_trouble(now, 1, seconds(0));
  EXPECT_EQ(*back_off.next_try() - now, seconds(10)) << "nor hurried";
  back_off.on_progress();
  EXPECT_TRUE(back_off.may_try(now));
}

TEST(BackOff, GivesUpAfterItsTimeWhateverTheClockDoes) {
  BackOff back_off({std::chrono::milliseconds(100), seconds(10), std::chrono::hours(1)});
  Time now{};  // a machine whose clock is not set yet
  const auto fail_for = [&](Duration span) {
    for (const Time end = now + span; now < end; now += seconds(10)) back_off.on_trouble(now, 0, std::nullopt);
  };
  fail_for(std::chrono::minutes(20));
  now += std::chrono::hours(500'000);
  fail_for(std::chrono::minutes(20));
  EXPECT_FALSE(back_off.gives_up()) << "57 years are no failure of the receiver's";
  now -= std::chrono::hours(1'000);
  EXPECT_TRUE(back_off.may_try(now)) << "a pause until then is none";
  fail_for(std::chrono::minutes(30));
  EXPECT_TRUE(back_off.gives_up());
  back_off.on_progress();
  EXPECT_FALSE(back_off.gives_up());
}

// A receiver that answers 500 for an hour is asked some twenty times, and again within five minutes of its recovery.
TEST(BackOff, AnHourOfFailureCostsFewTries) {
  BackOff back_off;
  const Time begin{};
  Time now = begin;
  int tries = 0;
  for (; now - begin < std::chrono::hours(1); now = *back_off.next_try()) {
    back_off.on_trouble(now, 0.5, std::nullopt);
    ++tries;
  }
  EXPECT_LT(tries, 30);
  EXPECT_LE(now - begin, std::chrono::hours(1) + std::chrono::minutes(5));
}

}  // namespace
}  // namespace carillon::publish
