// /v1/prompts: stored prompts, and their files for nodes.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/api.h"
#include "api/json.h"
#include "api/pages.h"

namespace carillon::api {
namespace {

boost::json::object to_json(const PromptInfo& prompt) {
  return {{"id", prompt.id},
          {"durationMs", prompt.duration.count()},
          {"loudnessLufs", prompt.loudness_lufs},
          {"gainDb", prompt.gain_db},
          {"source", prompt.source}};
}

boost::json::object to_json(const PromptView& prompt) {
  auto json = to_json(prompt.info);
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) json[name] = text;
  };
  add("format", prompt.source_format);
  add("text", prompt.text);
  add("voice", prompt.voice);
  add("engine", prompt.engine);
  add("language", prompt.language);
  add("licence", prompt.licence);
  json["warnings"] = boost::json::array(prompt.warnings.begin(), prompt.warnings.end());
  json["isCached"] = prompt.is_cached;
  if (prompt.created != Time{}) json["createdAt"] = to_rfc3339(prompt.created);
  return json;
}

}  // namespace

void Api::prompt(Request request) {
  const auto* name = request.http.query_value("name");
  const auto on_stored = [respond = request.respond](const Result<PromptInfo>& prompt) {
    respond(prompt ? answer(201, to_json(*prompt)) : net::problem(prompt.error()));
  };
  const std::string file_name = name == nullptr ? "upload" : *name;
  prompts_.store(std::move(request.http.body), file_name, on_stored);
}

void Api::list_prompts(Request request) {
  const auto limit = limit_of(request.http);
  if (!limit) {
    request.respond(net::problem(limit.error()));
    return;
  }
  const auto on_page = [this, respond = request.respond](const Result<PromptViewPage>& page) {
    if (!page) {
      respond(net::problem(page.error()));
      return;
    }
    boost::json::array list;
    for (const auto& prompt : page->prompts) list.push_back(to_json(prompt));
    boost::json::object body{{"prompts", std::move(list)}, {"billedCharacters", prompts_.billed_characters()}};
    if (!page->next.empty()) body["next"] = page->next;
    respond(answer(200, body));
  };
  prompts_.list(text_after(request.http), *limit, on_page);
}

void Api::show_prompt(Request request) {
  const auto on_prompt = [respond = request.respond](const Result<PromptView>& prompt) {
    respond(prompt ? answer(200, to_json(*prompt)) : net::problem(prompt.error()));
  };
  prompts_.show(request.name, on_prompt);
}

void Api::remove_prompt(Request request) {
  log_change(request, fmt::format("prompt.deleted {}", request.name));
  const auto on_removed = [respond = request.respond, id = request.name](const Result<void>& removed) {
    respond(removed ? answer(200, boost::json::object{{"id", id}}) : net::problem(removed.error()));
  };
  prompts_.remove(request.name, campaigns_.prompts_in_use(), on_removed);
}

// The name of a prompt is made from its content: a URL means the same bytes for ever, and caches need never ask again.
void Api::prompt_audio(Request request) {
  const auto dot = request.http.path.rfind('.');
  const std::string extension = request.http.path.substr(dot);
  const std::string etag = fmt::format("\"{}{}\"", request.name, extension);
  const bool is_known = request.http.header("if-none-match") == etag;
  const auto on_bytes = [respond = request.respond, etag, is_known](Result<std::string> bytes) {
    if (!bytes) {
      respond(net::problem(bytes.error()));
      return;
    }
    net::HttpResponse response;
    response.status = is_known ? 304 : 200;
    response.content_type = "application/octet-stream";
    if (!is_known) response.body = std::move(*bytes);
    response.headers = {{"ETag", etag}, {"Cache-Control", "max-age=31536000, immutable"}};
    respond(std::move(response));
  };
  prompts_.read(request.name, extension, on_bytes);
}

}  // namespace carillon::api
