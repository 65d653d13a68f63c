#include "cli/run.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "cli/screen.h"
#include "core/call/words.h"
#include "core/campaign/contact_csv.h"
#include "core/campaign/pacer.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

constexpr std::size_t kBatch = 200;
constexpr std::chrono::milliseconds kTick{100};
constexpr int kTicksPerLook = 3;
constexpr int kMaxFailures = 50;  // of looks in a row, about 15 s: a daemon may restart meanwhile

std::atomic<int> interrupts{0};

void on_signal(int) { ++interrupts; }

std::string read_file(const std::filesystem::path& path, Result<void>& result) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) result = fail(ErrorCode::NotFound, fmt::format("{} cannot be read", path.string()));
  return bytes.str();
}

std::string csv_cell(std::string_view text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

// One run, from the file to the report.
class Runner {
 public:
  Runner(Client& client, const RunOptions& options)
      : client_(client),
        options_(options),
        screen_(options.is_quiet),
        pacer_(Pace{options.calls_per_second, options.max_live}) {}

  int run(const std::function<std::string()>& on_interrupt);

 private:
  Result<void> prepare();
  Result<bool> read_contacts();
  Result<void> read_next(std::size_t wanted);
  Result<void> feed();
  Result<void> send(const std::vector<std::string>& lines);
  Result<void> look();
  void reject(std::size_t line, std::string_view reason, std::string_view text);
  int finish(int code);

  Client& client_;
  const RunOptions& options_;
  Screen screen_;
  Pacer pacer_;
  std::string campaign_;
  std::string prompt_;
  std::ifstream file_;
  ContactReader reader_;
  bool has_read_all_ = false;
  std::deque<std::string> lines_;  // contacts as bodies of /dial, not sent yet
  std::deque<std::size_t> line_numbers_;
  std::set<std::string> attempts_;  // of this campaign: contacts that are distinct people
  std::int64_t duplicates_ = 0;
  std::int64_t earlier_ = 0;  // accepted by an earlier run of this campaign
  std::int64_t rejected_ = 0;
  std::ofstream rejects_;
  std::filesystem::path rejects_path_;
  std::int64_t outstanding_ = 0;  // accepted and not ended, as far as known
  int idle_looks_ = 0;            // looks in a row that showed none
  Progress progress_;
  std::int64_t events_ = 0;
};

Result<void> Runner::prepare() {
  Result<void> result;
  std::error_code error;
  if (!std::filesystem::is_regular_file(options_.contacts, error)) {
    return fail(ErrorCode::NotFound, fmt::format("{} is no file", options_.contacts.string()));
  }
  std::string audio;
  if (!options_.audio.empty()) {
    audio = read_file(options_.audio, result);
    if (!result) return result;
    const auto name = options_.audio.filename().string();
    auto stored = client_.post("/v1/prompts?name=" + net::percent_encode(name), audio, "application/octet-stream");
    if (!stored) return std::unexpected(stored.error());
    prompt_ = std::string(stored->at("id").as_string());
  }
  campaign_ = options_.campaign;
  if (campaign_.empty()) {
    std::string stem = options_.contacts.stem().string().substr(0, 40);
    for (char& c : stem) {
      if (!is_safe_id(std::string_view(&c, 1))) c = '-';
    }
    // Only the name: a list with one more row, or a new recording, must not call everybody again.
    campaign_ = stem.empty() ? "campaign" : stem;
  }
  if (!is_safe_id(campaign_))
    return fail(ErrorCode::Invalid, "a campaign's name has letters, digits, . _ - and at most 64 of them");
  progress_.campaign = campaign_;
  rejects_path_ = options_.rejected.empty()
                      ? std::filesystem::path(options_.contacts.filename().string() + ".rejected.csv")
                      : options_.rejected;
  file_.open(options_.contacts, std::ios::binary);
  return result;
}

void Runner::reject(std::size_t line, std::string_view reason, std::string_view text) {
  if (!rejects_.is_open()) {
    rejects_.open(rejects_path_);
    // Numbers of people are in it.
    std::error_code error;
    std::filesystem::permissions(rejects_path_,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    if (!rejects_)
      fmt::print(stderr, "carillon run: {} cannot be written: bad rows are lost\n", rejects_path_.string());
    rejects_ << "line,reason,text\n";
  }
  rejects_ << line << ',' << csv_cell(reason) << ',' << csv_cell(text) << '\n';
  ++rejected_;
}

// Takes what the reader has; false if it needs more bytes.
Result<bool> Runner::read_contacts() {
  for (;;) {
    auto entry = reader_.next();
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return true;
    if (const auto* bad = std::get_if<BadRow>(&**entry)) {
      reject(bad->line, bad->reason, bad->text);
      continue;
    }
    const auto& row = std::get<ContactRow>(**entry);
    boost::json::object body{{"phoneNumber", row.number}};
    if (!row.id.empty()) body["contactId"] = row.id;
    if (!row.time_zone.empty()) body["timeZone"] = row.time_zone;
    if (!prompt_.empty()) body["audioFileUrl"] = prompt_;
    boost::json::object variables;
    for (const auto& [name, value] : row.variables) variables[name] = value;
    if (!variables.empty()) body["variables"] = std::move(variables);
    lines_.push_back(boost::json::serialize(body));
    line_numbers_.push_back(row.line);
  }
}

Result<void> Runner::read_next(std::size_t wanted) {
  std::string chunk(64 * 1024, '\0');
  while (lines_.size() < wanted && !has_read_all_) {
    file_.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto size = static_cast<std::size_t>(file_.gcount());
    if (size > 0) reader_.feed(std::string_view(chunk).substr(0, size));
    if (file_.eof()) {
      reader_.finish();
      has_read_all_ = true;
    }
    if (auto taken = read_contacts(); !taken) return std::unexpected(taken.error());
  }
  return {};
}

// Sends as many contacts as the caps allow now.
Result<void> Runner::feed() {
  for (;;) {
    if (auto read = read_next(kBatch); !read) return read;
    std::vector<std::string> batch;
    while (batch.size() < std::min(kBatch, lines_.size())) {
      if (!pacer_.try_start(wall_clock_now(), static_cast<int>(outstanding_ + static_cast<std::int64_t>(batch.size()))))
        break;
      batch.push_back(lines_[batch.size()]);
    }
    if (batch.empty()) return {};
    if (auto sent = send(batch); !sent) return sent;
  }
}

Result<void> Runner::send(const std::vector<std::string>& lines) {
  std::string body;
  for (const auto& line : lines) body += line + "\n";
  const auto answer = client_.post("/v1/campaigns/" + campaign_ + "/contacts", body, "application/x-ndjson");
  if (!answer) return std::unexpected(answer.error());
  const auto& results = answer->at("results").as_array();
  for (const auto& value : results) {
    const auto& result = value.as_object();
    if (const auto* error = result.if_contains("error")) {
      const auto slug = std::string(error->as_string());
      if (slug == slug_of(ErrorCode::QueueFull) || slug == slug_of(ErrorCode::Unavailable))
        break;  // the rest is sent again
      reject(line_numbers_.front(), std::string(result.at("detail").as_string()), lines_.front());
    } else {
      const bool is_new = attempts_.insert(std::string(result.at("attemptId").as_string())).second;
      if (is_new && result.at("isRepeat").as_bool()) ++earlier_;
      if (!is_new) ++duplicates_;
      const auto status = parse_call_status(std::string(result.at("status").as_string()));
      if (is_new && status && !is_final(*status)) ++outstanding_;
    }
    lines_.pop_front();
    line_numbers_.pop_front();
  }
  return {};
}

Result<void> Runner::look() {
  const auto report = client_.get("/v1/campaigns/" + campaign_ + "/report");
  if (!report) return std::unexpected(report.error());
  const auto counts = [&](const char* name) {
    std::map<std::string, std::int64_t> by_name;
    for (const auto& [key, value] : report->at(name).as_object()) by_name[std::string(key)] = value.as_int64();
    return by_name;
  };
  const auto statuses = counts("statuses");
  progress_.done = 0;
  progress_.waiting = 0;
  progress_.live = 0;
  for (const auto& [word, count] : statuses) {
    const auto status = parse_call_status(word).value_or(CallStatus::kUnknown);
    if (is_final(status)) {
      progress_.done += count;
    } else if (status == CallStatus::kQueued) {
      progress_.waiting += count;
    } else {
      progress_.live += count;
    }
  }
  progress_.outcomes = counts("outcomes");
  progress_.keys = counts("keys");
  progress_.opt_outs = report->at("opt_outs").as_int64();
  events_ = report->at("events").as_int64();
  progress_.contacts = static_cast<std::int64_t>(attempts_.size() + lines_.size());
  progress_.has_read_all = has_read_all_;

  const auto calls = client_.get("/calls?campaign=" + campaign_);
  if (!calls) return std::unexpected(calls.error());
  progress_.calls.clear();
  outstanding_ = 0;
  for (const auto& value : calls->at("calls").as_array()) {
    const auto& call = value.as_object();
    // Others of this campaign may wait since an earlier list: not ours to wait for.
    if (attempts_.contains(std::string(call.at("attemptId").as_string()))) ++outstanding_;
    const auto status = std::string(call.at("status").as_string());
    if (status == to_string(CallStatus::kQueued)) continue;
    const auto number = mask_number(std::string(call.at("phoneNumber").as_string()));
    const auto* active = call.if_contains("activeMs");
    progress_.calls.push_back({number, status, active != nullptr ? active->as_int64() / 1000 : 0});
  }
  return {};
}

int Runner::run(const std::function<std::string()>& on_interrupt) {
  if (auto prepared = prepare(); !prepared) {
    fmt::print(stderr, "carillon run: {}\n", to_string(prepared.error()));
    return kFailed;
  }
  int seen_interrupts = 0;
  int failures = 0;
  for (int tick = 0;; ++tick) {
    if (interrupts > seen_interrupts) {
      seen_interrupts = interrupts;
      if (seen_interrupts > 1) return finish(kInterrupted);
      progress_.note = on_interrupt();
    }
    if (seen_interrupts == 0) {
      if (auto fed = feed(); !fed) {
        if (fed.error().code == ErrorCode::Invalid || ++failures > kMaxFailures) {
          fmt::print(stderr, "\ncarillon run: {}\n", to_string(fed.error()));
          return kFailed;
        }
      }
    }
    if (tick % kTicksPerLook == 0) {
      if (auto looked = look(); !looked) {
        if (++failures > kMaxFailures) {
          fmt::print(stderr, "\ncarillon run: {}\n", to_string(looked.error()));
          return kFailed;
        }
      } else {
        failures = 0;
        screen_.draw(progress_);
        // Seen twice: the report may be a commit behind the list of calls.
        idle_looks_ = outstanding_ == 0 ? idle_looks_ + 1 : 0;
        const bool is_done = has_read_all_ && lines_.empty() && idle_looks_ >= 2;
        if (is_done) return finish(kDone);
        if (seen_interrupts > 0 && progress_.live == 0) return finish(kInterrupted);
      }
    }
    std::this_thread::sleep_for(kTick);
  }
}

int Runner::finish(int code) {
  screen_.end(progress_);
  rejects_.close();
  if (!options_.is_quiet) {
    fmt::print(stderr, "{}", to_table(progress_, rejected_, events_));
    if (duplicates_ > 0) fmt::print(stderr, "  {} rows were repeated numbers: called once\n", duplicates_);
    if (earlier_ > 0)
      fmt::print(stderr, "  {} contacts were in an earlier run of this campaign: not called again\n", earlier_);
    if (rejected_ > 0) fmt::print(stderr, "  rejected rows and reasons: {}\n", rejects_path_.string());
    if (code == kInterrupted) fmt::print(stderr, "  interrupted: the same command goes on where it stopped\n");
  }
  if (options_.is_json) {
    const auto object = [](const std::map<std::string, std::int64_t>& by_name) {
      boost::json::object json;
      for (const auto& [name, count] : by_name) json[name] = count;
      return json;
    };
    const boost::json::object json{{"campaign", campaign_},
                                   {"contacts", progress_.contacts},
                                   {"attempts", progress_.done + progress_.live + progress_.waiting},
                                   {"outcomes", object(progress_.outcomes)},
                                   {"keys", object(progress_.keys)},
                                   {"opt_outs", progress_.opt_outs},
                                   {"events", events_},
                                   {"rejected", rejected_},
                                   {"duplicates", duplicates_}};
    fmt::print("{}\n", boost::json::serialize(json));
  }
  return code;
}

}  // namespace

int run_campaign(Client& client, const RunOptions& options, const std::function<std::string()>& on_interrupt) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  Runner runner(client, options);
  return runner.run(on_interrupt);
}

}  // namespace carillon::cli
