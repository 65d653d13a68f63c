#include "publish/webhook_sink.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <chrono>

#include "base/text.h"
#include "publish/webhook_signature.h"

namespace carillon::publish {
namespace {

constexpr std::chrono::minutes kAfterGone{5};
constexpr std::chrono::seconds kAtOnce{1};
constexpr std::size_t kAnswerBytes = 4 * 1024;

// Of the event itself: what a contact's variables are called is the caller's business.
std::string campaign_of(const PublishedEvent& event) {
  boost::system::error_code error;
  const auto data = boost::json::parse(event.data, error);
  if (error || !data.is_object()) return "";
  const auto* campaign = data.get_object().if_contains("campaignId");
  return campaign != nullptr && campaign->is_string() ? std::string(campaign->get_string()) : "";
}

// RFC 9110 10.2.3, in seconds; a date is not looked at.
std::optional<Duration> retry_after(const net::WebResponse& response) {
  const auto text = response.header("retry-after");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

bool is_refusal(int status) { return status == 400 || status == 413 || status == 415 || status == 422; }

}  // namespace

WebhookSink::WebhookSink(net::WebClient& client, WebhookOptions options, EventForm form)
    : client_(client), options_(std::move(options)), form_(std::move(form)) {}

bool WebhookSink::wants(const PublishedEvent& event) const {
  if (!options_.types.empty() && !options_.types.contains(event.type)) return false;
  return options_.campaign.empty() || campaign_of(event) == options_.campaign;
}

Published WebhookSink::publish(const std::vector<OutboxRow>& rows) {
  Published published;
  // One that answers slowly must not hold up the relay's other business for a whole batch.
  const auto enough = std::chrono::steady_clock::now() + kAtOnce;
  for (std::size_t i = 0; i < rows.size() && send(rows[i], i, published); ++i) {
    ++published.done;
    if (std::chrono::steady_clock::now() >= enough) break;
  }
  return published;
}

bool WebhookSink::send(const OutboxRow& row, std::size_t index, Published& published) {
  net::WebRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.body = form_.write(row);
  request.timeout = options_.timeout;
  request.addresses = options_.allows_private ? net::AddressPolicy::kAny : net::AddressPolicy::kPublicOnly;
  request.max_answer_bytes = kAnswerBytes;
  request.may_cut_answer = true;  // its status decides, whatever else it says
  const auto id = event_id(row.event);
  // Of the sending, not of the event: receivers refuse what is older than some minutes.
  const Time now = wall_clock_now();
  request.headers = {{"Content-Type", "application/cloudevents+json"},
                     {"webhook-id", id},
                     {"webhook-timestamp", std::to_string(to_ms(now) / 1000)}};
  if (!options_.secrets.empty())
    request.headers.emplace_back("webhook-signature", sign_webhook(options_.secrets, id, now, request.body));

  const auto response = client_.send(request);
  const auto trouble = [&](std::string what) {
    published.trouble = Error(ErrorCode::Io, std::move(what));
    return false;
  };
  if (!response) {
    const bool is_private = response.error().code == ErrorCode::Invalid;
    return trouble(response.error().detail +
                   (is_private ? " (allow_private in the webhook's settings allows it)" : ""));
  }
  if (response->is_success()) return true;
  const auto said = fmt::format("HTTP {}: {}", response->status, printable(response->body, 200));
  if (is_refusal(response->status)) {
    published.refused.emplace_back(index, said);
    return true;
  }
  published.retry_after = response->status == 410 ? std::optional<Duration>(kAfterGone) : retry_after(*response);
  if (response->status == 410) return trouble("the receiver wants no more events (HTTP 410)");
  if (response->status >= 300 && response->status < 400)
    return trouble(
        fmt::format("HTTP {}: redirects are not followed; give the address where it leads", response->status));
  return trouble(said);
}

}  // namespace carillon::publish
