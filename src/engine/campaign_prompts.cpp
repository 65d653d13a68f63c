#include "engine/campaign_prompts.h"

#include <fmt/format.h>

#include <memory>

namespace carillon {
namespace {

// One of the two prompts of a campaign: its names in the settings.
struct Part {
  const char* name;
  std::string CampaignSettings::* id;
  std::string CampaignSettings::* source;
  bool is_for_each;  // may be text that is spoken anew for each contact
};
constexpr Part kAudio{"audio", &CampaignSettings::audio, &CampaignSettings::audio_source, true};
constexpr Part kPreamble{"preamble", &CampaignSettings::preamble, &CampaignSettings::preamble_source, false};

// What may be something else at the next start. A file below prompts.sources and a built-in prompt stay what they were.
bool is_source(const std::string& audio, const PromptInfo& prompt) {
  return prompt.id.empty() || audio.starts_with("say:") || audio.starts_with("https:") || audio.starts_with("s3:");
}

// As an operator wrote it. A stored prompt beside its source comes from what the API showed before.
std::string written(const CampaignSettings& settings, const Part& part, const Prompts& prompts) {
  const auto& audio = settings.*part.id;
  const auto& source = settings.*part.source;
  return source.empty() || (!audio.empty() && !prompts.is_stored(audio)) ? audio : source;
}

// One after the other, so that an error is always that of the first.
class Preparation : public std::enable_shared_from_this<Preparation> {
 public:
  Preparation(Prompts& prompts, CampaignSettings settings, bool must_ask, Reply<PreparedSettings> reply)
      : prompts_(prompts), must_ask_(must_ask), reply_(std::move(reply)) {
    prepared_.settings = std::move(settings);
  }

  void run() {
    prepare(kAudio, [self = shared_from_this()] {
      self->prepare(kPreamble, [self] { self->reply_(std::move(self->prepared_)); });
    });
  }

 private:
  void prepare(const Part& part, const std::function<void()>& next) {
    auto& settings = prepared_.settings;
    const std::string audio = written(settings, part, prompts_);
    const bool is_plain = (settings.*part.source).empty();
    if (audio.empty() || (is_plain && prompts_.is_stored(audio))) {
      next();
      return;
    }
    const auto on_prompt = [self = shared_from_this(), &part, audio, next](const Result<PromptInfo>& prompt) {
      if (!prompt) {
        self->reply_(fail(prompt.error().code, fmt::format("{}: {}", part.name, prompt.error().detail)));
        return;
      }
      auto& changed = self->prepared_.settings;
      changed.*part.id = prompt->id;
      changed.*part.source = is_source(audio, *prompt) ? audio : "";
      if (!prompt->notice.empty()) {
        auto& notice = self->prepared_.notice;
        notice += fmt::format("{}{}: {}", notice.empty() ? "" : "; ", part.name, prompt->notice);
      }
      next();
    };
    prompts_.resolve({.audio = audio, .is_for_each = part.is_for_each, .must_ask = must_ask_}, on_prompt);
  }

  Prompts& prompts_;
  bool must_ask_;
  PreparedSettings prepared_;
  Reply<PreparedSettings> reply_;
};

}  // namespace

bool has_prompt_sources(const CampaignSettings& settings) {
  return !settings.audio_source.empty() || !settings.preamble_source.empty();
}

void resolve_prompts(Prompts& prompts, CampaignSettings settings, Reply<PreparedSettings> reply) {
  std::make_shared<Preparation>(prompts, std::move(settings), false, std::move(reply))->run();
}

void prepare_prompts(Prompts& prompts, CampaignSettings settings, Reply<PreparedSettings> reply) {
  std::make_shared<Preparation>(prompts, std::move(settings), true, std::move(reply))->run();
}

}  // namespace carillon
