#include <gtest/gtest.h>

#include "core/campaign/campaign.h"
#include "core/campaign/gate.h"

namespace carillon {
namespace {

TEST(CampaignWords, GoThereAndBack) {
  for (const auto* word : {"draft", "scheduled", "running", "paused", "stopping", "completed", "canceled"})
    EXPECT_EQ(to_string(parse_campaign_state(word).value()), word);
  for (const auto* word : {"advertisement", "donation", "informational", "emergency"})
    EXPECT_EQ(to_string(parse_campaign_class(word).value()), word);
  for (const auto* word : {"drain", "finish", "now"}) EXPECT_EQ(to_string(parse_stop_mode(word).value()), word);
  for (const auto* word : {"global", "registry", "advertiser", "campaign"})
    EXPECT_EQ(to_string(parse_suppression_level(word).value()), word);
}

TEST(CampaignWords, OthersAreNone) {
  EXPECT_FALSE(parse_campaign_state("Draft").has_value());
  EXPECT_FALSE(parse_campaign_class("").has_value());
  EXPECT_FALSE(parse_stop_mode("later").has_value());
  EXPECT_FALSE(parse_suppression_level("all").has_value());
}

}  // namespace
}  // namespace carillon
