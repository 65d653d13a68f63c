// POST /v1/prompts.
#include "api/api.h"
#include "api/json.h"

namespace carillon::api {

void Api::prompt(Request request) {
  const auto* name = request.http.query_value("name");
  const auto on_stored = [respond = request.respond](const Result<PromptInfo>& prompt) {
    if (!prompt) {
      respond(net::problem(prompt.error()));
      return;
    }
    respond(answer(201, boost::json::object{{"id", prompt->id},
                                            {"durationMs", prompt->duration.count()},
                                            {"loudnessLufs", prompt->loudness_lufs},
                                            {"gainDb", prompt->gain_db},
                                            {"source", prompt->source}}));
  };
  const std::string file_name = name == nullptr ? "upload" : *name;
  prompts_.store(std::move(request.http.body), file_name, on_stored);
}

}  // namespace carillon::api
