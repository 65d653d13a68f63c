#include "cli/prompt_commands.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "base/time.h"
#include "cli/show.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

std::string text(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string duration(const boost::json::object& prompt) {
  return to_words(Duration(prompt.at("durationMs").to_number<std::int64_t>()));
}

std::string warnings(const boost::json::object& prompt) {
  std::string all;
  for (const auto& warning : prompt.at("warnings").as_array()) all += " " + std::string(warning.as_string());
  return all;
}

std::string table(const boost::json::object& json) {
  const auto& prompts = json.at("prompts").as_array();
  if (prompts.empty()) return "no stored prompts\n";
  std::string lines;
  for (const auto& value : prompts) {
    const auto& prompt = value.as_object();
    const auto said = text(prompt, "text");
    lines += fmt::format("{}  {:>8}  {}{}\n", text(prompt, "id"), duration(prompt),
                         printable(said.empty() ? text(prompt, "source") : "\"" + said + "\"", 60), warnings(prompt));
  }
  return lines;
}

std::string page(const boost::json::object& prompt) {
  std::string lines;
  for (const auto* name : {"id", "source", "format", "text", "voice", "engine", "language", "licence", "createdAt"}) {
    if (const auto value = text(prompt, name); !value.empty()) lines += fmt::format("{:<10} {}\n", name, value);
  }
  lines += fmt::format("{:<10} {}\n{:<10} {:.1f} LUFS, gain {:+.1f} dB\n", "duration", duration(prompt), "loudness",
                       prompt.at("loudnessLufs").to_number<double>(), prompt.at("gainDb").to_number<double>());
  if (const auto words = warnings(prompt); !words.empty()) lines += fmt::format("{:<10}{}\n", "warnings", words);
  return lines;
}

}  // namespace

int list_prompts(Client& client, const Output& output) {
  std::string after;
  boost::json::object all;
  boost::json::array prompts;
  do {
    auto answer = client.get("/v1/prompts?limit=1000&after=" + net::percent_encode(after));
    if (!answer) return fail_with(answer.error());
    for (auto& prompt : answer->at("prompts").as_array()) prompts.push_back(std::move(prompt));
    after = text(*answer, "next");
    all["billedCharacters"] = answer->at("billedCharacters");
  } while (!after.empty());
  all["prompts"] = std::move(prompts);
  return show(Result<boost::json::object>(std::move(all)), output, table);
}

int show_prompt(Client& client, const std::string& id, const Output& output) {
  return show(client.get("/v1/prompts/" + net::percent_encode(id)), output, page);
}

int delete_prompts(Client& client, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    const auto removed = client.remove("/v1/prompts/" + net::percent_encode(id));
    if (!removed) return fail_with(removed.error());
    fmt::print("{} is deleted\n", printable(id, 64));
  }
  return kDone;
}

}  // namespace carillon::cli
