// The writer's batches: bounded in time, in order, and nobody waits behind those who keep coming.
#include "ledger/store_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "base/log.h"
#include "ledger/testing/ledger_test.h"

namespace carillon::ledger {
namespace {

using Urgency = StoreThread::Urgency;

// More than a transaction takes another job after.
constexpr std::chrono::milliseconds kLongJob{60};

class StoreThreadTest : public ::testing::Test {
 protected:
  StoreThreadTest() { log::set_up(log::Format::kText, "off"); }
  void submit(const std::string& name, std::chrono::milliseconds length, Urgency urgency = Urgency::kSoon,
              bool fails = false) {
    auto work = [this, length, fails] {
      begun_at_.push_back(writer_.commits());
      std::this_thread::sleep_for(length);
      if (fails) throw SqlError("refused");
    };
    writer_.submit(std::make_unique<Job>(*this, name, std::move(work)), urgency);
  }
  // The writer takes nothing up until the promise is kept: what is submitted meanwhile is one batch.
  void hold_up(std::promise<void>& until) {
    std::promise<void> is_held;
    auto work = [&is_held, &until] {
      is_held.set_value();
      until.get_future().wait();
    };
    writer_.submit(std::make_unique<Job>(*this, "", std::move(work)), Urgency::kNow);
    is_held.get_future().wait();
  }
  void wait_for(std::size_t count) {
    while (told_.size() < count) desk_.run_one();
  }

  class Job final : public StoreJob {
   public:
    Job(StoreThreadTest& test, std::string name, std::function<void()> work)
        : test_(test), name_(std::move(name)), work_(std::move(work)) {}
    void run(Database&) override { work_(); }
    void complete() override {
      if (!name_.empty()) test_.told_.push_back(name_);
    }
    void fail(const Error&) override { test_.told_.push_back("not " + name_); }

   private:
    StoreThreadTest& test_;
    std::string name_;
    std::function<void()> work_;
  };

  testing::Desk desk_;
  std::vector<std::string> told_;
  std::vector<std::uint64_t> begun_at_;  // commits before each job; read once the jobs are done
  StoreThread writer_{std::make_unique<Database>(":memory:", Database::Mode::kReadWrite), StoreThread::Kind::kWriter,
                      desk_.post()};
};

TEST_F(StoreThreadTest, JobsThatTakeLongDoNotShareATransactionAndKeepTheirOrder) {
  std::promise<void> go;
  hold_up(go);
  submit("first", kLongJob);
  submit("second", kLongJob);
  submit("opt-out", {}, Urgency::kNow);
  submit("last", {});
  go.set_value();
  wait_for(4);
  EXPECT_EQ(told_, (std::vector<std::string>{"first", "second", "opt-out", "last"}));
  EXPECT_EQ(begun_at_, (std::vector<std::uint64_t>{1, 2, 3, 3})) << "the first two had a transaction each";
  EXPECT_EQ(writer_.backlog(), 0u);
}

TEST_F(StoreThreadTest, AnUrgentJobIsNotStarvedByLongOnesThatKeepComing) {
  std::promise<void> go;
  hold_up(go);
  submit("import", kLongJob);
  submit("opt-out", {}, Urgency::kNow);
  go.set_value();
  // Whoever imports sends the next part as soon as one is in.
  for (std::size_t done = 1; std::ranges::find(told_, "opt-out") == told_.end(); ++done) {
    ASSERT_LE(done, 4u) << "it waits behind those that came later";
    submit("import", kLongJob);
    wait_for(done);
  }
}

TEST_F(StoreThreadTest, ARefusalConcernsItsOwnTransaction) {
  std::promise<void> go;
  hold_up(go);
  submit("long", kLongJob);
  submit("bad", {}, Urgency::kSoon, true);
  submit("beside it", {});
  go.set_value();
  wait_for(3);
  EXPECT_EQ(told_, (std::vector<std::string>{"long", "not bad", "not beside it"}));
  EXPECT_EQ(writer_.backlog(), 0u);
  submit("after", {});
  wait_for(4);
  EXPECT_EQ(told_.back(), "after");
}

}  // namespace
}  // namespace carillon::ledger
