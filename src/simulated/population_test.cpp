#include "simulated/population.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "simulated/fictional_numbers.h"

namespace carillon::simulated {
namespace {

constexpr std::size_t kMany = 20'000;
const Time kNoon = *parse_rfc3339("2026-11-25T12:00:00Z");

PopulationPlan plan() {
  PopulationPlan plan;
  plan.regions = {{"IL", 3, {{"Asia/Jerusalem", 1}}}, {"US", 1, {{"America/New_York", 3}, {"America/Denver", 1}}}};
  plan.answered.fill(0.4);
  plan.keys = {{KeyAction::kDonation, 0.1}, {KeyAction::kOptOut, 0.05}};
  return plan;
}

double share_of(const std::vector<Fate>& fates, Reaction reaction) {
  return static_cast<double>(std::ranges::count(fates, reaction, &Fate::reaction)) / static_cast<double>(fates.size());
}

std::vector<Fate> first_calls(const Population& population, Time at = kNoon) {
  std::vector<Fate> fates;
  for (const auto& person : population.people(kMany)) fates.push_back(population.fate_of(person.number, 0, at));
  return fates;
}

TEST(Population, GivesEverybodyANumberOfTheirOwnInTheRegionsShares) {
  const Population population(plan(), 1);
  const auto people = population.people(kMany);
  std::set<std::string> numbers;
  for (const auto& person : people) {
    numbers.insert(person.number);
    EXPECT_EQ(region_of_fictional(person.number), person.region);
  }
  EXPECT_EQ(numbers.size(), kMany);
  const auto of = [&](auto member, const char* text) {
    return static_cast<double>(std::ranges::count(people, text, member)) / kMany;
  };
  EXPECT_NEAR(of(&Person::region, "IL"), 0.75, 0.01);
  EXPECT_NEAR(of(&Person::zone, "America/Denver"), 0.0625, 0.01);
}

TEST(Population, TakesNumbersThatAreKeptFreeForFictionFirst) {
  EXPECT_EQ(fictional_number("US", 0), "+12005550100");
  EXPECT_TRUE(fictional_number("US", 50'000).substr(5).starts_with("55501"));
  EXPECT_EQ(fictional_number("GB", 999), "+447700900999");
  EXPECT_EQ(fictional_number("FR", 12), "+33639980012");
}

TEST(Population, SaysTheSameOfACallWhateverWasAskedBefore) {
  const Population one(plan(), 7);
  const Population other(plan(), 7);
  const auto people = one.people(500);
  std::vector<Fate> forwards;
  for (const auto& person : people) forwards.push_back(one.fate_of(person.number, 2, kNoon));
  for (std::size_t i = people.size(); i-- > 0;) {
    other.fate_of(people[i].number, 0, kNoon);
    const Fate fate = other.fate_of(people[i].number, 2, kNoon);
    EXPECT_EQ(fate.reaction, forwards[i].reaction);
    EXPECT_EQ(fate.talks, forwards[i].talks);
    EXPECT_EQ(fate.pressed, forwards[i].pressed);
  }
}

TEST(Population, IsAnotherOneWithAnotherSeed) {
  const auto one = first_calls(Population(plan(), 1));
  const auto other = first_calls(Population(plan(), 2));
  EXPECT_FALSE(std::ranges::equal(one, other, {}, &Fate::talks, &Fate::talks));
}

TEST(Population, ReactsInTheSharesOfItsPlan) {
  const auto fates = first_calls(Population(plan(), 3));
  const double rest = 0.98 * 0.6;  // nobody answered, and the number is somebody's
  EXPECT_NEAR(share_of(fates, Reaction::kInvalidNumber), 0.02, 0.005);
  EXPECT_NEAR(share_of(fates, Reaction::kAnswers), 0.98 * 0.4, 0.015);
  EXPECT_NEAR(share_of(fates, Reaction::kBusy), rest * 0.1, 0.01);
  EXPECT_NEAR(share_of(fates, Reaction::kRejects), rest * 0.05, 0.01);
  EXPECT_NEAR(share_of(fates, Reaction::kMailbox), rest * 0.85 * 0.3, 0.015);
  EXPECT_NEAR(share_of(fates, Reaction::kUnreachable), rest * 0.1 * 0.7, 0.01);
}

TEST(Population, TalksAndPressesAsItsPlanSays) {
  auto fates = first_calls(Population(plan(), 4));
  std::erase_if(fates, [](const Fate& fate) { return fate.reaction != Reaction::kAnswers; });
  std::ranges::sort(fates, {}, &Fate::talks);
  EXPECT_GE(fates.front().talks, Duration(2'000));
  EXPECT_LE(fates.back().talks, Duration(120'000));
  EXPECT_NEAR(static_cast<double>(fates[fates.size() / 2].talks.count()), 20'000, 1'000);
  EXPECT_NEAR(static_cast<double>(fates[fates.size() * 9 / 10].talks.count()), 45'000, 2'000);
  const auto pressed = [&](KeyAction action) {
    return static_cast<double>(std::ranges::count(fates, std::optional(action), &Fate::pressed)) /
           static_cast<double>(fates.size());
  };
  EXPECT_NEAR(pressed(KeyAction::kDonation), 0.1, 0.015);
  EXPECT_NEAR(pressed(KeyAction::kOptOut), 0.05, 0.01);
  for (const auto& fate : fates) EXPECT_LE(fate.pressed_after, fate.talks);
}

TEST(Population, AnswersByTheHourOfItsOwnClock) {
  auto by_hour = plan();
  by_hour.answered.fill(0);
  by_hour.answered[14] = 0.5;
  by_hour.regions = {{"IL", 1, {{"Asia/Jerusalem", 1}}}};
  const Population population(by_hour, 5);
  EXPECT_NEAR(share_of(first_calls(population, kNoon), Reaction::kAnswers), 0.98 * 0.5, 0.015);  // 14:00 there
  EXPECT_EQ(share_of(first_calls(population, kNoon + std::chrono::hours(1)), Reaction::kAnswers), 0);
}

TEST(Population, HasPeopleWhoAnswerMoreThanOthersAlways) {
  auto of_habit = plan();
  of_habit.habit = 1;
  const Population population(of_habit, 6);
  int answered = 0;
  int again = 0;
  for (const auto& person : population.people(kMany)) {
    const auto answers = [&](int call) {
      return population.fate_of(person.number, call, kNoon).reaction == Reaction::kAnswers;
    };
    if (!answers(0)) continue;
    ++answered;
    again += answers(1) ? 1 : 0;
  }
  // Of those who answered once: E[p²]/E[p] with p even between 0 and 0.8.
  EXPECT_NEAR(static_cast<double>(again) / answered, 0.8 * 2 / 3, 0.02);
}

}  // namespace
}  // namespace carillon::simulated
