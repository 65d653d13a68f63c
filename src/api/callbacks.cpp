// The dialplan's HTTP callbacks: /call-started /dtmf-action /call-timeout /call-failed /call-ended. Each carries one
// note; the same note by UserEvent or from the journal counts once.
#include <charconv>

#include "api/api.h"
#include "base/text.h"
#include "core/call/note.h"

namespace carillon::api {

void Api::callback(const net::HttpRequest& request, net::Respond respond) {
  const auto refuse = [&](ErrorCode code, const char* why) { respond(net::problem(Error(code, why))); };
  if (request.method != "GET" || request.is_head) return refuse(ErrorCode::MethodNotAllowed, "callbacks are GET");
  const auto* token = request.query_value("token");
  if (options_.callback_token.empty()) return refuse(ErrorCode::Forbidden, "callbacks are not configured");
  if (token == nullptr || !equal_in_constant_time(*token, options_.callback_token)) {
    return refuse(ErrorCode::Unauthorized, "the callback token is wrong");
  }
  const auto* attempt = request.query_value("attempt");
  const auto* seq_text = request.query_value("seq");
  const auto* text = request.query_value("note");
  if (attempt == nullptr || seq_text == nullptr || text == nullptr || !is_safe_id(*attempt)) {
    return refuse(ErrorCode::Invalid, "attempt, seq and note are needed");
  }
  std::uint32_t seq = 0;
  const auto [end, error] = std::from_chars(seq_text->data(), seq_text->data() + seq_text->size(), seq);
  if (error != std::errc() || end != seq_text->data() + seq_text->size())
    return refuse(ErrorCode::Invalid, "seq is no number");
  if (!text->starts_with(request.path.substr(1) + ":"))
    return refuse(ErrorCode::Invalid, "the note belongs to another callback");
  auto note = parse_note(seq, *text);
  if (!note) {
    respond(net::problem(note.error()));
    return;
  }
  engine_.deliver(*attempt, std::move(*note), [respond](const Result<void>& result) {
    if (!result) {
      respond(net::problem(result.error()));
      return;
    }
    respond(net::HttpResponse{200, "text/plain", "ok\n"});
  });
}

}  // namespace carillon::api
