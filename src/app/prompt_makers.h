// What the configuration says about prompts, made: sources elsewhere, the speech engine, their caches.
#pragma once

#include <functional>

#include "app/config.h"
#include "app/prompt_aws.h"
#include "net/web_client.h"
#include "prompt/library.h"

namespace carillon {

// For [speech]; AWS is needed for Polly alone. Config if it is wrong.
Result<std::unique_ptr<SpeechEngine>> make_speech_engine(const Config::Speech& speech, PromptAws& aws);

// The web client, AWS and in_use must outlive the library. is_stopping is asked from its threads.
Result<PromptMakers> make_prompt_makers(const Config& config, net::WebClient& web, PromptAws& aws,
                                        const PromptsInUse& in_use, std::function<bool()> is_stopping);

}  // namespace carillon
