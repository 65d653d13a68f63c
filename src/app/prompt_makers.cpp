#include "app/prompt_makers.h"

#include <fmt/format.h>

#include <utility>

#include "prompt/command_engine.h"
#include "prompt/espeak_engine.h"
#include "prompt/https_fetcher.h"
#include "prompt/polly_engine.h"
#include "prompt/s3_fetcher.h"

namespace carillon {
namespace {

constexpr const char* kSpeechIndex = "speech";
constexpr const char* kSourcesIndex = "sources";
constexpr const char* kOnTheirWay = "incoming";
constexpr double kMegabyte = 1024.0 * 1024.0;

std::uint64_t bytes_of(double megabytes) { return static_cast<std::uint64_t>(megabytes * kMegabyte); }

// What a crash left half fetched.
Result<std::filesystem::path> empty_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::Io, fmt::format("prompts.store: {}: {}", folder.string(), error.message()));
  return folder;
}

}  // namespace

Result<std::unique_ptr<SpeechEngine>> make_speech_engine(const Config::Speech& speech, PromptAws& aws) {
  if (speech.engine == "polly") {
    const auto engine = parse_polly_engine(speech.polly_engine);
    if (!engine)
      return fail(ErrorCode::Config, "speech.polly_engine must be standard, neural, long-form or generative");
    return std::make_unique<PollyEngine>([&aws] { return aws.polly(); }, PollyEngineSettings{speech.voice, *engine});
  }
  if (speech.engine != "command") return std::make_unique<EspeakEngine>();
  auto arguments = split_command(speech.command);
  if (!arguments) return fail(ErrorCode::Config, "speech.command: " + arguments.error().detail);
  auto engine = CommandEngine::open({.arguments = *std::move(arguments), .takes_ssml = speech.command_takes_ssml});
  if (!engine) return fail(ErrorCode::Config, "speech.command: " + engine.error().detail);
  return std::make_unique<CommandEngine>(*std::move(engine));
}

Result<PromptMakers> make_prompt_makers(const Config& config, net::WebClient& web, PromptAws& aws,
                                        const PromptsInUse& in_use, std::function<bool()> is_stopping) {
  const auto& store = config.prompts.store;
  const auto incoming = empty_folder(store / kOnTheirWay);
  if (!incoming) return std::unexpected(incoming.error());
  const auto is_in_use = [&in_use](const std::string& id) { return in_use.contains(id); };
  PromptMakers makers;
  makers.https = std::make_unique<HttpsFetcher>(
      web, HttpsFetcherOptions{.folder = *incoming,
                               .allows_private = config.prompts.allow_private,
                               .timeout = std::chrono::seconds(config.prompts.fetch_timeout_seconds),
                               .is_stopping = std::move(is_stopping)});
  makers.s3 = std::make_unique<S3Fetcher>([&aws] { return aws.s3(); }, *incoming);
  makers.s3_bucket = config.prompts.bucket;
  auto sources = SourceCache::open({.store = store,
                                    .index = store / kSourcesIndex,
                                    .max_bytes = bytes_of(config.prompts.sources_cache_mb),
                                    .max_stale = std::chrono::hours(config.prompts.max_stale_hours),
                                    .is_in_use = is_in_use});
  if (!sources) return std::unexpected(sources.error());
  makers.sources = *std::move(sources);

  auto engine = make_speech_engine(config.speech, aws);
  if (!engine) return std::unexpected(engine.error());
  auto spoken = SpeechCache::open({.store = store,
                                   .index = store / kSpeechIndex,
                                   .max_bytes = bytes_of(config.speech.cache_mb),
                                   .is_in_use = is_in_use});
  if (!spoken) return std::unexpected(spoken.error());
  makers.speaker =
      std::make_unique<Speaker>(*std::move(engine), *std::move(spoken),
                                SpeakerSettings{config.speech.language, config.speech.voice, config.speech.rate});
  makers.contact_prompts_per_second = config.speech.contact_prompts_per_second;
  return makers;
}

}  // namespace carillon
