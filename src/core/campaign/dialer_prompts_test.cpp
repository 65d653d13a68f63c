// Campaigns whose message is spoken anew for each contact.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/campaign/testing/office.h"

namespace carillon {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::Office;

Office with_contacts(int contacts, std::size_t ahead) {
  Office office;
  office.options.prompts_ahead = ahead;
  office.add_trunk("main", 10);
  CampaignSettings settings;
  settings.audio_source = "say:Hello {name}";
  office.add_campaign("spring", settings);
  office.add_contacts("spring", 1, contacts);
  return office;
}

TEST(DialerPrompts, NobodyIsCalledBeforeTheirPromptIsReady) {
  Office office = with_contacts(20, 100);
  office.spoken_for = [](const SpeakPrompt&) { return std::nullopt; };
  office.run_for(seconds(5));
  EXPECT_EQ(office.starts.size(), 0u);
  EXPECT_EQ(office.spoken.size(), 20u);
  EXPECT_EQ(office.spoken.front().audio, "say:Hello {name}");
  EXPECT_THAT(office.view("spring").waits_for, HasSubstr("prompt-not-ready: the prompts of 20 contacts"));
  EXPECT_TRUE(office.said.empty());

  // The seventh is ready first, and is called first.
  office.tell(Office::answer_to(office.spoken[6], {.id = "the seventh"}));
  office.run_for(seconds(1));
  ASSERT_EQ(office.starts.size(), 1u);
  EXPECT_EQ(office.starts[0].contact.key, office.spoken[6].contact_key);
  EXPECT_EQ(office.starts[0].contact.prompt->id, "the seventh");
}

TEST(DialerPrompts, ASilentSpeechEngineIsToldAfterSomeSeconds) {
  Office office = with_contacts(3, 100);
  office.spoken_for = [](const SpeakPrompt&) { return std::nullopt; };
  office.run_for(seconds(30));
  ASSERT_EQ(office.said.size(), 1u);
  EXPECT_THAT(office.said[0], HasSubstr("spring alarm: prompt-not-ready"));
}

TEST(DialerPrompts, OnlySoManyAreSpokenAhead) {
  Office office = with_contacts(400, 25);
  office.spoken_for = [](const SpeakPrompt&) { return std::nullopt; };
  office.run_for(seconds(5));
  EXPECT_EQ(office.spoken.size(), 25u);

  const auto first = office.spoken;
  office.spoken_for = [](const SpeakPrompt&) { return ContactPrompt{.id = "spoken"}; };
  for (const auto& asked : first) office.tell(Office::answer_to(asked, {.id = "spoken"}));
  office.run_for(seconds(60));
  EXPECT_EQ(office.starts.size(), 400u);
  EXPECT_EQ(office.spoken.size(), 400u) << "each once";
  EXPECT_THAT(office.said.back(), HasSubstr("spring completed"));
}

TEST(DialerPrompts, WhatCannotBeSpokenGoesToTheGatesWithItsProblem) {
  Office office = with_contacts(1, 100);
  office.spoken_for = [](const SpeakPrompt&) {
    return ContactPrompt{.problem = "there is no value for {name}", .is_final = true};
  };
  office.run_for(seconds(5));
  ASSERT_EQ(office.starts.size(), 1u);
  EXPECT_EQ(office.starts[0].contact.prompt->problem, "there is no value for {name}");
}

TEST(DialerPrompts, AnAnswerToAnotherTextCountsForNothing) {
  Office office = with_contacts(1, 100);
  office.spoken_for = [](const SpeakPrompt&) { return std::nullopt; };
  office.run_for(seconds(1));
  auto late = Office::answer_to(office.spoken.at(0), {.id = "of the text before"});
  late.audio = "say:Hello";
  office.tell(late);
  office.run_for(seconds(1));
  EXPECT_EQ(office.starts.size(), 0u);
  EXPECT_EQ(office.spoken.size(), 2u) << "asked for once more";
}

TEST(DialerPrompts, OthersAreCalledMeanwhile) {
  Office office = with_contacts(5, 100);
  office.add_campaign("autumn");
  office.add_contacts("autumn", 100, 20);
  office.spoken_for = [](const SpeakPrompt&) { return std::nullopt; };
  office.run_for(seconds(10));
  EXPECT_EQ(office.count_of("autumn"), 20);
  EXPECT_EQ(office.count_of("spring"), 0);
}

}  // namespace
}  // namespace carillon
