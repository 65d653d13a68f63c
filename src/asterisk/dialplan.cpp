#include "asterisk/dialplan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/call/note.h"

namespace carillon {
extern const std::string_view kExtensionsTemplate;
}

namespace carillon::asterisk {
namespace {

// Values stand in Set() and Background() arguments, so only characters without a meaning there are let through.
bool is_plain(std::string_view text, std::string_view punctuation) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

// The facts that have an HTTP callback; others travel by UserEvent and journal alone.
constexpr std::string_view kCallbackLines =
    " same => n,GotoIf($[\"${ARG1}\" = \"agent\"]?told)\n"
    " same => n,Set(CURLOPT(conntimeout)=1)\n"
    " same => n,Set(CURLOPT(httptimeout)=2)\n"
    " same => n,Set(CARILLON_TOLD=${CURL(${CARILLON_CALLBACK}/${ARG1}?token=${CARILLON_TOKEN}&attempt=${CARILLON_ID}"
    "&channel=${UNIQUEID}&seq=${CARILLON_SEQ}&note=${URIENCODE(${ARG1}:${CARILLON_AT}:${ARG2}:${ARG3}:${ARG4}:${ARG5})}"
    ")})\n"
    " same => n(told),NoOp()\n";

}  // namespace

Result<std::string> render_dialplan(const DialplanOptions& options) {
  const auto refuse = [](std::string_view what, std::string_view value) {
    return fail(ErrorCode::Config, fmt::format("{} \"{}\" holds characters that a dialplan cannot take", what, value));
  };
  for (const auto& folder : {options.prompts_folder, options.store_folder}) {
    if (!folder.starts_with('/'))
      return fail(ErrorCode::Config, fmt::format("prompt folder \"{}\" is not absolute", folder));
    if (!is_plain(folder, "/._-+@")) return refuse("prompt folder", folder);
  }
  if (!options.agent.empty() && clean_number(options.agent).empty()) return refuse("agent", options.agent);
  if (!is_plain(options.agent_trunk, "._-")) return refuse("agent trunk", options.agent_trunk);
  if (!is_plain(options.callback_url, ":/._-[]")) return refuse("callback URL", options.callback_url);
  if (!is_plain(options.callback_token, "._-")) return refuse("callback token", options.callback_token);

  const bool has_callbacks = !options.callback_url.empty();
  const std::vector<std::pair<std::string_view, std::string>> values{
      {"@PROMPTS@", options.prompts_folder},
      {"@STORE@", options.store_folder},
      {"@AGENT@", options.agent},
      {"@AGENT_TRUNK@", options.agent_trunk},
      {"@DIGIT_TIMEOUT_SECONDS@", std::to_string(options.digit_timeout.count())},
      {"@RESPONSE_TIMEOUT_SECONDS@", std::to_string(options.response_timeout.count())},
      {"@MAX_CALL_SECONDS@", std::to_string(options.max_call.count())},
      {"@AGENT_RING_SECONDS@", std::to_string(options.agent_ring.count())},
      {"@MAX_TRIES@", std::to_string(options.max_tries)},
      {"@CALLBACK_COMMENT@", has_callbacks ? ", then the HTTP callback" : ""},
      {"@CALLBACK_GLOBALS@", has_callbacks ? fmt::format("CARILLON_CALLBACK={}\nCARILLON_TOKEN={}\n",
                                                         options.callback_url, options.callback_token)
                                           : ""},
      {"@CALLBACK_LINES@", has_callbacks ? std::string(kCallbackLines) : ""},
  };
  std::string text(kExtensionsTemplate);
  for (const auto& [name, value] : values) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

std::string key_variable(char key) {
  if (key >= '0' && key <= '9') return fmt::format("CARILLON_KEY_{}", key);
  if (key == '*') return "CARILLON_KEY_STAR";
  if (key == '#') return "CARILLON_KEY_HASH";
  return "";
}

std::string render_features() {
  return "[applicationmap]\n"
         "; Key 9 of the called person while talking to an agent; extensions.conf switches it on per call.\n"
         "carillon-optout => 9,self/caller,Gosub,\"carillon-optout-bridged,s,1\"\n";
}

}  // namespace carillon::asterisk
