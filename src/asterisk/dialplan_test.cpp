#include "asterisk/dialplan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/call/words.h"

namespace carillon::asterisk {
namespace {

DialplanOptions options() {
  DialplanOptions made;
  made.prompts_folder = "/usr/share/carillon/prompts";
  made.store_folder = "/var/lib/carillon/prompts";
  made.agent = "+12025550165";
  made.agent_trunk = "loopback";
  return made;
}

TEST(Dialplan, HasTheSpecifiedContextsAndNoPlaceholderLeft) {
  const auto text = render_dialplan(options());
  ASSERT_TRUE(text.has_value());
  for (const char* context : {"[from-trunk]", "[ivr-main]", "[ivr-wait-input]", "[process-dtmf]", "[ivr-timeout]",
                              "[outbound-campaign]", "[hangup-handler]"}) {
    EXPECT_NE(text->find(context), std::string::npos) << context;
  }
  EXPECT_THAT(*text, testing::Not(testing::ContainsRegex("@[A-Z_]+@")));
  EXPECT_EQ(text->find("CURL"), std::string::npos) << "no callbacks unless configured";
}

// DESIGN 4: a dummy channel of a failed Originate would run them.
TEST(Dialplan, TheOriginateContextHasNoFailedExtensionAndNoCatchAll) {
  const auto text = *render_dialplan(options());
  const auto begin = text.find("[outbound-campaign]");
  const auto context = text.substr(begin, text.find("\n[", begin + 1) - begin);
  EXPECT_EQ(context.find("failed"), std::string::npos);
  EXPECT_EQ(context.find("_."), std::string::npos);
}

// 9 works in every prompt: each Background names a context that has it, or stands in one. And each is followed by a
// look at whether the campaign was stopped, or by nothing.
TEST(Dialplan, NoPromptIsPlayedWhereNineDoesNotWorkOrAStopIsNotSeen) {
  const auto text = *render_dialplan(options());
  const std::vector<std::string> in_a_menu{"Background(${CARILLON_PLAY})",
                                           "Background(${CARILLON_STORE}/${CARILLON_PREAMBLE})",
                                           "Background(${CARILLON_PROMPTS}/more-info)"};
  std::size_t prompts = 0;
  for (auto at = text.find("Background("); at != std::string::npos; at = text.find("Background(", at + 1)) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    const bool has_context =
        line.find(",m,,carillon-optout") != std::string::npos || line.find(",m,,${IF(") != std::string::npos;
    EXPECT_TRUE(has_context || std::ranges::find(in_a_menu, line) != in_a_menu.end()) << line;
    const auto next = text.substr(end + 1, text.find('\n', end + 1) - end - 1);
    EXPECT_THAT(next,
                testing::AnyOf(" same => n,GotoIf(${CARILLON_FINISH}?carillon-finish,s,1)", " same => n,Hangup()"))
        << line;
    ++prompts;
  }
  EXPECT_GE(prompts, 12u);
  // Playback cannot be interrupted: only the confirmation of an opt-out is played with it.
  for (auto at = text.find("Playback("); at != std::string::npos; at = text.find("Playback(", at + 1)) {
    EXPECT_EQ(text.substr(at, text.find('\n', at) - at), "Playback(${CARILLON_PROMPTS}/${CARILLON_FAREWELL})");
  }
}

TEST(Dialplan, LooksAtTheVariableOfEveryKey) {
  const auto text = *render_dialplan(options());
  const auto begin = text.find("Set(CARILLON_KEYS=");
  const auto line = text.substr(begin, text.find('\n', begin) - begin);
  for (const char key : std::string("0123456789*#")) {
    ASSERT_FALSE(key_variable(key).empty()) << key;
    EXPECT_NE(line.find("${" + key_variable(key) + "}"), std::string::npos) << key;
  }
  for (const char other : std::string("A \n,=(\0", 7)) EXPECT_EQ(key_variable(other), "");
}

TEST(Dialplan, KnowsEveryActionOfAKey) {
  const auto text = *render_dialplan(options());
  for (const auto action :
       {KeyAction::kDonation, KeyAction::kMoreInfo, KeyAction::kAgent, KeyAction::kOptOut, KeyAction::kRepeat}) {
    EXPECT_NE(text.find("\"${CARILLON_ACTION}\" = \"" + std::string(to_string(action)) + "\""), std::string::npos)
        << to_string(action);
  }
}

TEST(Dialplan, ValuesThatCouldChangeItsMeaningAreRefused) {
  const auto refused = [](auto change) {
    DialplanOptions changed = options();
    change(changed);
    return !render_dialplan(changed).has_value();
  };
  EXPECT_TRUE(refused([](auto& o) { o.prompts_folder = "relative"; }));
  EXPECT_TRUE(refused([](auto& o) { o.prompts_folder = "/a,b"; }));
  EXPECT_TRUE(refused([](auto& o) { o.store_folder = "/a\nexten => s,1,System(id)"; }));
  EXPECT_TRUE(refused([](auto& o) { o.store_folder = "/${SHELL(id)}"; }));
  EXPECT_TRUE(refused([](auto& o) { o.agent = "+1202&PJSIP/x"; }));
  EXPECT_TRUE(refused([](auto& o) { o.agent_trunk = "a,b"; }));
  EXPECT_TRUE(refused([](auto& o) { o.callback_url = "http://x/${y}"; }));
  EXPECT_TRUE(refused([](auto& o) { o.callback_token = "a)&b"; }));
}

TEST(Dialplan, CallbacksAreAddedWhenConfigured) {
  DialplanOptions changed = options();
  changed.callback_url = "http://127.0.0.1:3000";
  changed.callback_token = "token";
  const auto text = *render_dialplan(changed);
  EXPECT_NE(text.find("CURL(${CARILLON_CALLBACK}/${ARG1}?token=${CARILLON_TOKEN}"), std::string::npos);
  // The journal comes first, then the UserEvent, then the callback.
  const auto note = text.substr(text.find("[carillon-note]"));
  EXPECT_LT(note.find("DB(carillon/"), note.find("UserEvent("));
  EXPECT_LT(note.find("UserEvent("), note.find("CURL("));
}

}  // namespace
}  // namespace carillon::asterisk
