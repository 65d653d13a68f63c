#include "publish/counting_sink.h"

#include <gtest/gtest.h>

#include "publish/testing/memory_outbox.h"

namespace carillon::publish {
namespace {

PublishedEvent event(EventType type, const std::string& status, const std::string& outcome = "") {
  return {type, "01CALL", 1, {}, R"({"status":")" + status + R"(","outcome":")" + outcome + R"("})"};
}

TEST(CountingSink, CountsWhatComesAfterTheStartOnce) {
  testing::MemoryOutbox outbox(7);
  const auto counter = std::make_shared<EventCounter>();
  CountingSink sink(outbox, counter);
  ASSERT_TRUE(sink.last_known());
  EXPECT_EQ(sink.last_known()->position, 7);
  sink.publish({{8, event(EventType::kCallStatus, "initiated")},
                {9, event(EventType::kCallStatus, "in-progress")},
                {10, event(EventType::kKeyPressed, "in-progress")},
                {11, event(EventType::kDonation, "in-progress")},
                {12, event(EventType::kOptOut, "in-progress")},
                {13, event(EventType::kCallStatus, "completed", "human")},
                {14, event(EventType::kCallStatus, "busy", "busy")}});
  const auto counts = counter->take();
  EXPECT_EQ(counts.started, 1u);
  EXPECT_EQ(counts.answered, 1u);
  EXPECT_EQ(counts.donations, 1u);
  EXPECT_EQ(counts.opt_outs, 1u);
  EXPECT_EQ(counts.ended, (std::map<std::string, std::uint64_t>{{"human", 1}, {"busy", 1}}));
  EXPECT_EQ(counter->take().started, 0u);
}

}  // namespace
}  // namespace carillon::publish
