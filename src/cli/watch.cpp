#include <fmt/format.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <csignal>
#include <thread>

#include "base/text.h"
#include "cli/run.h"
#include "cli/screen.h"

namespace carillon::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{300};
constexpr int kMaxFailures = 50;  // of looks in a row, about 15 s: a daemon may restart meanwhile

std::atomic<int> interrupts{0};

void on_signal(int) { ++interrupts; }

std::map<std::string, std::int64_t> counts_in(const boost::json::object& report, const char* name) {
  std::map<std::string, std::int64_t> by_name;
  for (const auto& [key, value] : report.at(name).as_object()) by_name[std::string(key)] = value.as_int64();
  return by_name;
}

std::int64_t count_of(const std::map<std::string, std::int64_t>& counts, const char* name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

std::string text_in(const boost::json::object& json, const char* name) {
  const auto* text = json.if_contains(name);
  return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

class Watcher {
 public:
  Watcher(Client& client, std::string campaign, bool is_quiet)
      : client_(client), campaign_(std::move(campaign)), screen_(is_quiet) {
    progress_.campaign = campaign_;
  }

  WatchResult run() {
    int seen = interrupts;
    const int before = seen;
    int failures = 0;
    for (;;) {
      if (interrupts > seen) {
        seen = interrupts;
        if (seen - before > 1) return end(kInterrupted);
        pause();
      }
      if (auto looked = look(); !looked) {
        if (++failures > kMaxFailures) {
          fmt::print(stderr, "\ncarillon: {}\n", to_string(looked.error()));
          return end(kFailed);
        }
      } else {
        failures = 0;
        screen_.draw(progress_);
        const auto state = text_in(last_, "state");
        if (progress_.live == 0 && (state == "completed" || state == "canceled" || state == "paused")) {
          return end(state == "completed" ? kDone : kInterrupted);
        }
      }
      std::this_thread::sleep_for(kLookEvery);
    }
  }

 private:
  void pause() {
    const auto paused = client_.post("/v1/campaigns/" + campaign_ + ":pause");
    progress_.note = paused ? "pausing: calls under way end by themselves (Ctrl-C again to leave now)"
                            : "it could not be paused: " + paused.error().detail;
  }

  Result<void> look() {
    auto campaign = client_.get("/v1/campaigns/" + campaign_);
    if (!campaign) return std::unexpected(campaign.error());
    auto calls = client_.get("/calls?campaign=" + campaign_);
    if (!calls) return std::unexpected(calls.error());
    last_ = std::move(*campaign);
    const auto& report = last_.at("report").as_object();
    const auto states = counts_in(report, "states");
    progress_.contacts = report.at("contacts").as_int64();
    progress_.waiting = count_of(states, "ready");
    progress_.done = progress_.contacts - progress_.waiting - count_of(states, "in-call");
    progress_.live = last_.at("live").as_int64();
    progress_.outcomes = counts_in(report, "outcomes");
    progress_.keys = counts_in(report, "keys");
    progress_.opt_outs = report.at("opt_outs").as_int64();
    progress_.has_read_all = true;
    if (interrupts == 0) progress_.note = text_in(last_, "waitsFor");
    progress_.calls.clear();
    for (const auto& value : calls->at("calls").as_array()) {
      const auto& call = value.as_object();
      const auto* active = call.if_contains("activeMs");
      progress_.calls.push_back({mask_number(text_in(call, "phoneNumber")), text_in(call, "status"),
                                 active != nullptr ? active->as_int64() / 1000 : 0});
    }
    return {};
  }

  WatchResult end(int code) {
    screen_.end(progress_);
    return {code, std::move(last_)};
  }

  Client& client_;
  std::string campaign_;
  Screen screen_;
  Progress progress_;
  boost::json::object last_;
};

}  // namespace

WatchResult watch_campaign(Client& client, const std::string& campaign, bool is_quiet) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return Watcher(client, campaign, is_quiet).run();
}

}  // namespace carillon::cli
