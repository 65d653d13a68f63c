// What a campaign says is made ready before its first call, and for each contact.
#include "engine/campaign_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "engine/testing/world.h"

namespace carillon {
namespace {

using ::testing::HasSubstr;
using testing::World;

constexpr const char* kAnna = "+12025550101";
constexpr const char* kBert = "+12025550102";
constexpr const char* kUrl = "s3://bucket/hello.wav";
const Actor kOperator{"operator", true};

// Answers when the test says so.
class SlowPrompts final : public Prompts {
 public:
  std::map<std::string, Result<PromptInfo>> known;  // by audio
  std::deque<std::function<void()>> waiting;
  std::vector<PromptRequest> asked;
  std::vector<std::string> spoken_for;

  void resolve(PromptRequest request, Reply<PromptInfo> reply) override {
    asked.push_back(request);
    const auto found = known.find(request.audio);
    const Result<PromptInfo> answer =
        found != known.end() ? found->second : fail(ErrorCode::AudioInvalid, request.audio + ": NoSuchKey");
    waiting.push_back([reply, answer] { reply(answer); });
  }
  void speak_for_contact(std::string, std::string variables, Reply<PromptInfo> reply) override {
    spoken_for.push_back(variables);
    Result<PromptInfo> answer = PromptInfo{.id = "of " + variables};
    if (variables == "broken") answer = fail(ErrorCode::Invalid, "there is no value for {name}");
    waiting.push_back([reply, answer] { reply(answer); });
  }
  bool is_stored(const std::string& id) const override { return id.starts_with("stored"); }
  void store(std::string, std::string, Reply<PromptInfo>) override {}
  void list(std::string, int, Reply<PromptViewPage>) override {}
  void show(std::string, Reply<PromptView>) override {}
  void read(std::string, std::string, Reply<std::string>) override {}
  void remove(std::string, std::set<std::string>, Reply<void>) override {}
  std::int64_t billed_characters() const override { return 0; }

  void answer_all() {
    while (!waiting.empty()) {
      const auto answer = std::move(waiting.front());
      waiting.pop_front();
      answer();
    }
  }
};

struct PromptWorld : World {
  SlowPrompts prompts;
  std::optional<Result<Campaign>> started;

  void create(const CampaignSettings& settings, const std::vector<NewContact>& contacts) {
    start_engine();
    campaigns->use_prompts(prompts);
    CampaignSettings wanted = settings;
    wanted.name = "spring";
    wanted.policy = "none";
    campaigns->create("spring", wanted, kOperator, [&](const Result<Campaign>& created) {
      store.add_contacts(created->key, contacts,
                         [this](const Result<AddedContacts>&) { campaigns->on_contacts_added("spring"); });
    });
    run_for(Duration(10));
  }
  void start() {
    campaigns->start_campaign("spring", kOperator, [this](const Result<Campaign>& answer) { started = answer; });
    run_for(Duration(1'000));
  }
  Campaign campaign() const { return campaigns->view("spring")->campaign; }
};

NewContact contact(const std::string& number, const std::string& variables = "") {
  NewContact made;
  made.number = number;
  made.variables = variables;
  made.place = make_place({"America/New_York"}, {"US"});
  return made;
}

CampaignSettings from_elsewhere() {
  CampaignSettings settings;
  settings.audio = "stored-old";
  settings.audio_source = kUrl;
  return settings;
}

TEST(CampaignPrompts, NoCallBeginsBeforeItsSourceWasAsked) {
  PromptWorld world;
  world.prompts.known[kUrl] = PromptInfo{.id = "stored-new"};
  world.create(from_elsewhere(), {contact(kAnna)});
  world.start();
  world.run_for(Duration(30'000));
  EXPECT_FALSE(world.started.has_value());
  EXPECT_EQ(world.contact(kAnna), "ready/");
  ASSERT_EQ(world.prompts.asked.size(), 1u);
  EXPECT_TRUE(world.prompts.asked[0].must_ask);

  world.prompts.answer_all();
  world.run_for(Duration(60'000));
  ASSERT_TRUE(world.started && *world.started);
  EXPECT_EQ(world.campaign().settings.audio, "stored-new");
  EXPECT_EQ(world.campaign().settings.audio_source, kUrl);
  EXPECT_EQ(world.contact(kAnna), "done/human");
}

TEST(CampaignPrompts, AMissingSourceFailsTheStartAndNotTheCalls) {
  PromptWorld world;
  world.create(from_elsewhere(), {contact(kAnna)});
  world.start();
  world.prompts.answer_all();
  world.run_for(Duration(60'000));
  ASSERT_TRUE(world.started.has_value());
  ASSERT_FALSE(*world.started);
  EXPECT_EQ(world.started->error().code, ErrorCode::AudioInvalid);
  EXPECT_EQ(world.started->error().detail, "audio: s3://bucket/hello.wav: NoSuchKey");
  EXPECT_EQ(world.campaign().state, CampaignState::kDraft);
  EXPECT_EQ(world.contact(kAnna), "ready/");

  // Once it is there, the same campaign starts.
  world.prompts.known[kUrl] = PromptInfo{.id = "stored-new"};
  world.start();
  world.prompts.answer_all();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.contact(kAnna), "done/human");
}

TEST(CampaignPrompts, ACopyThatIsUsedIsToldWithTheCampaign) {
  PromptWorld world;
  world.prompts.known[kUrl] = PromptInfo{.id = "stored-old", .notice = "its source does not answer"};
  world.create(from_elsewhere(), {contact(kAnna)});
  world.start();
  world.prompts.answer_all();
  world.run_for(Duration(100));
  ASSERT_TRUE(world.started && *world.started);
  EXPECT_THAT((*world.started)->detail, HasSubstr("audio: its source does not answer"));
}

TEST(CampaignPrompts, AScheduledCampaignThatCannotSpeakIsPausedWhenItsTimeComes) {
  PromptWorld world;
  world.prompts.known[kUrl] = PromptInfo{.id = "stored-new"};
  CampaignSettings settings = from_elsewhere();
  settings.starts_at = world.timeline.now() + std::chrono::hours(1);
  world.create(settings, {contact(kAnna)});
  world.start();
  world.prompts.answer_all();
  world.run_for(Duration(1'000));
  EXPECT_EQ(world.campaign().state, CampaignState::kScheduled);
  world.prompts.known.clear();
  world.run_for(std::chrono::hours(1));
  world.prompts.answer_all();
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.campaign().state, CampaignState::kPaused);
  EXPECT_THAT(world.campaign().detail, HasSubstr("NoSuchKey"));
  EXPECT_EQ(world.contact(kAnna), "ready/");
}

TEST(CampaignPrompts, AStoredPromptThatIsGoneFailsTheStart) {
  PromptWorld world;
  CampaignSettings settings;
  settings.audio = "deleted";
  world.create(settings, {contact(kAnna)});
  world.start();
  ASSERT_TRUE(world.started && !*world.started);
  EXPECT_THAT(world.started->error().detail, HasSubstr("audio: the prompt deleted is not stored any more"));
}

TEST(CampaignPrompts, EachContactIsCalledWithTheirOwnAndSkippedIfThereCanBeNone) {
  PromptWorld world;
  const std::string text = "say:Hello {name}";
  world.prompts.known[text] = PromptInfo{.id = ""};
  CampaignSettings settings;
  settings.audio_source = text;
  world.create(settings, {contact(kAnna, "anna"), contact(kBert, "broken")});
  world.start();
  world.prompts.answer_all();
  world.run_for(Duration(10'000));
  EXPECT_EQ(world.prompts.spoken_for.size(), 2u);
  EXPECT_EQ(world.contact(kAnna), "ready/") << "nobody is called before their prompt is ready";
  EXPECT_THAT(world.campaigns->view("spring")->waits_for, HasSubstr("prompt-not-ready"));
  world.prompts.answer_all();
  world.run_for(Duration(60'000));
  EXPECT_EQ(world.contact(kAnna), "done/human");
  EXPECT_EQ(world.contact(kBert), "skipped/prompt-impossible");
  EXPECT_EQ(world.campaign().state, CampaignState::kCompleted);
}

TEST(ResolvePrompts, KeepsSourcesBesideIdsAndTakesWhatWasWrittenAnew) {
  SlowPrompts prompts;
  prompts.known[kUrl] = PromptInfo{.id = "stored-s3"};
  prompts.known["say:Hello"] = PromptInfo{.id = "stored-say"};
  prompts.known["welcome"] = PromptInfo{.id = "stored-welcome"};
  const auto resolved = [&](const std::string& audio, const std::string& source) {
    CampaignSettings settings;
    settings.audio = audio;
    settings.audio_source = source;
    std::string said;
    resolve_prompts(prompts, settings, [&](const Result<PreparedSettings>& ready) {
      said = ready ? ready->settings.audio + " " + ready->settings.audio_source : ready.error().detail;
    });
    prompts.answer_all();
    return said;
  };
  EXPECT_EQ(resolved("", ""), " ");
  EXPECT_EQ(resolved("stored-x", ""), "stored-x ");
  EXPECT_EQ(resolved("welcome", ""), "stored-welcome ");
  EXPECT_EQ(resolved(kUrl, ""), std::string("stored-s3 ") + kUrl);
  EXPECT_EQ(resolved("stored-s3", kUrl), std::string("stored-s3 ") + kUrl) << "as the API showed it";
  EXPECT_EQ(resolved("say:Hello", kUrl), "stored-say say:Hello");
  EXPECT_EQ(resolved("nowhere", ""), "audio: nowhere: NoSuchKey");
}

}  // namespace
}  // namespace carillon
