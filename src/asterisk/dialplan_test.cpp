#include "asterisk/dialplan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// 9 works in every prompt: each Background names a context that has it, or stands in one.
TEST(Dialplan, NoPromptIsPlayedWhereNineDoesNotWork) {
  const auto text = *render_dialplan(options());
  std::size_t prompts = 0;
  for (auto at = text.find("Background("); at != std::string::npos; at = text.find("Background(", at + 1)) {
    const auto line = text.substr(at, text.find('\n', at) - at);
    const bool has_context =
        line.find(",m,,carillon-optout") != std::string::npos || line.find(",m,,${IF(") != std::string::npos;
    const bool is_menu = line == "Background(${CARILLON_PLAY})" || line == "Background(${CARILLON_PROMPTS}/more-info)";
    EXPECT_TRUE(has_context || is_menu) << line;
    ++prompts;
  }
  EXPECT_GE(prompts, 8u);
  // Playback cannot be interrupted: only the confirmation of an opt-out is played with it.
  for (auto at = text.find("Playback("); at != std::string::npos; at = text.find("Playback(", at + 1)) {
    EXPECT_EQ(text.substr(at, text.find('\n', at) - at), "Playback(${CARILLON_PROMPTS}/${CARILLON_FAREWELL})");
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
