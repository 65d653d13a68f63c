// What the ledger can do: attempts per second from intent to end, with every commit on the disk, for campaigns of
// several sizes side by side; rows per second of imports; and what the dialer's and the API's questions cost at each
// size.
//
//   ledger_rate FOLDER ATTEMPTS CONTACTS…     FOLDER must be on a real disk; prints JSON, progress on stderr
//
// Each attempt is told as the engine tells it: intent with all gates, accepted, ringing, answered, for some a key,
// ended; each step is a job of its own, submitted when the one before it is durable, with its notes and events as the
// core makes them.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/ulid.h"
#include "core/call/call.h"
#include "ledger/sqlite_store.h"
#include "ledger/testing/desk.h"

namespace {

using namespace carillon;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kUnderWay = 20'000;  // attempts at once: 5,000 a second that last four seconds each
constexpr int kRounds = 5;
constexpr std::size_t kImportBatch = 2'000;
constexpr int kImportJobs = 8;  // under way at once
constexpr int kQuestions = 200;
const Actor kNobody{"bench", true};

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

template <class T>
T check(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "ledger_rate: {}\n", to_string(result.error()));
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The i-th of eight thousand million numbers, in no order: as lists have them.
std::string number(std::int64_t i) {
  return fmt::format("+1{:010}", 2'000'000'000 + i * 3'141'592'653 % 8'000'000'000);
}

// One attempt under way. Every third of the called presses a key, one in a hundred to opt out.
struct Trial {
  Call call;
  std::int64_t index = 0;
  int step = 0;
};

// What happens to it next.
CallEvent next_event(Trial& trial, Time now) {
  const auto note = [](std::uint32_t seq, const std::string& text) { return *parse_note(seq, text); };
  switch (trial.step++) {
    case 0: return CallAccepted{};
    case 1: return CallRinging{};
    case 2: return note(1, fmt::format("call-started:{}:{}:::", to_ms(now), trial.call.request().number));
    case 3:
      if (trial.index % 100 == 0) return note(2, fmt::format("dtmf-action:{}:9:main:opt-out:", to_ms(now)));
      if (trial.index % 3 == 0) return note(2, fmt::format("dtmf-action:{}:1:main:donation:", to_ms(now)));
      return note(2, fmt::format("call-timeout:{}::main::", to_ms(now)));
    default: return note(3, fmt::format("call-ended:{}:16:200:Up:31000", to_ms(now)));
  }
}

// One ledger with a campaign of so many contacts.
class Subject {
 public:
  Subject(const std::filesystem::path& folder, std::int64_t contacts)
      : file_(folder / fmt::format("ledger-{}.db", contacts)), contacts_(contacts) {
    std::filesystem::remove(file_);
    std::filesystem::remove(file_.string() + "-wal");
    store_ = check(ledger::SqliteStore::open(file_, desk_.post()));
    begin_campaign();
  }

  void round(std::size_t attempts);
  void ask_questions();
  std::string json() const;

 private:
  template <class T, class Question>
  T ask(const Question& question) {
    std::optional<Result<T>> answer;
    question([&answer](Result<T> result) { answer.emplace(std::move(result)); });
    while (!answer) desk_.run_one();
    return check(std::move(*answer));
  }
  struct Next {
    DueContact contact;
    std::shared_ptr<const GateRules> rules;
  };
  void begin_campaign();
  void import_list(const Campaign& campaign);
  void make_ready(std::size_t attempts);
  void start(const Next& next);
  void feed(const std::shared_ptr<Trial>& trial);

  std::filesystem::path file_;
  std::int64_t contacts_;
  ledger::testing::Desk desk_;
  std::unique_ptr<ledger::SqliteStore> store_;
  UlidGenerator ids_{7};
  std::shared_ptr<GateRules> rules_;  // of the newest campaign
  int campaigns_ = 0;
  int lane_ = 0;
  std::int64_t listed_ = 0;  // numbers given out
  std::int64_t taken_ = 0;   // contacts of the newest campaign
  std::deque<Next> ready_;
  std::int64_t started_ = 0;
  std::size_t ended_ = 0;  // of the round

  std::vector<std::string> import_marks_;
  std::vector<double> rates_;
  std::vector<double> cpu_ms_;
  std::vector<std::string> questions_;
};

void Subject::begin_campaign() {
  Campaign asked;
  asked.id = fmt::format("bench-{}", ++campaigns_);
  asked.state = CampaignState::kRunning;
  asked.settings.name = "bench";
  asked.created_at = wall_clock_now();
  rules_ = std::make_shared<GateRules>();
  rules_->campaign =
      ask<Campaign>([&](Reply<Campaign> reply) { store_->create_campaign(asked, kNobody, std::move(reply)); });
  rules_->policy = default_policy_pack();
  rules_->places = std::make_shared<Places>();
  const auto key = rules_->campaign.key;
  import_list(rules_->campaign);
  lane_ = ask<std::vector<LaneCount>>([&](auto reply) { store_->count_lanes(key, reply); }).at(0).lane.id;
  taken_ = 0;
}

// The contacts of a round. A campaign that is used up is followed by another of its size.
void Subject::make_ready(std::size_t attempts) {
  while (ready_.size() < attempts) {
    if (taken_ == contacts_) begin_campaign();
    const auto wanted = std::min<std::int64_t>(static_cast<std::int64_t>(attempts - ready_.size()), contacts_ - taken_);
    const auto due = ask<DueContacts>([&](auto reply) {
      store_->fetch_due(rules_->campaign.key, lane_, DueKind::kAll, wall_clock_now(), static_cast<int>(wanted), reply);
    });
    for (const auto& contact : due.contacts) ready_.push_back({contact, rules_});
    taken_ += wanted;
  }
}

void Subject::import_list(const Campaign& campaign) {
  const auto begin = Clock::now();
  std::int64_t submitted = 0;
  std::int64_t added = 0;
  std::int64_t mark = 100'000;
  int under_way = 0;
  const auto place = make_place({"America/New_York"}, {"US"});
  while (added < contacts_) {
    while (submitted < contacts_ && under_way < kImportJobs) {
      std::vector<NewContact> batch;
      for (; batch.size() < kImportBatch && submitted < contacts_; ++submitted) {
        NewContact contact;
        contact.line = static_cast<std::size_t>(submitted);
        contact.number = number(listed_++);
        contact.external_id = fmt::format("p{}", submitted);
        contact.place = place;
        contact.variables = R"({"name":"Dana Cohen","amount":"180"})";
        batch.push_back(std::move(contact));
      }
      ++under_way;
      store_->add_contacts(campaign.key, std::move(batch), [&](Result<AddedContacts> result) {
        added += check(std::move(result)).added;
        --under_way;
      });
    }
    desk_.run_one();
    if (added < mark && added < contacts_) continue;
    const double seconds = seconds_since(begin);
    fmt::print(stderr, "{}: {} of {} contacts, {:.0f} rows/s\n", campaign.id, added, contacts_,
               static_cast<double>(added) / seconds);
    if (campaigns_ == 1) import_marks_.push_back(fmt::format(R"({{"rows": {}, "seconds": {:.2f}}})", added, seconds));
    mark = added < 1'000'000 ? 1'000'000 : mark + 1'000'000;
  }
}

void Subject::start(const Next& next) {
  const auto& contact = next.contact;
  const auto& campaign = next.rules->campaign;
  AttemptRequest asked;
  const Time now = wall_clock_now();
  asked.id = ids_.next(now);
  asked.campaign_id = campaign.id;
  asked.campaign_key = campaign.key;
  asked.contact_key = contact.key;
  asked.contact_id = contact.external_id;
  asked.try_number = contact.tries + 1;
  asked.number = contact.number;
  asked.audio = "5f2b0c6a9c3d4e8f";
  asked.caller_id = "+12025550199";
  asked.variables = contact.variables;
  asked.trunk = "carrier-1";
  asked.created_at = now;
  auto trial = std::make_shared<Trial>(Trial{Call(std::move(asked), CallLimits{}), ++started_});
  trial->call.intend("boot-1", now);
  StartRequest request;
  request.change.attempt = {trial->call.request(), trial->call.progress()};
  request.change.is_new = true;
  request.rules = next.rules;
  request.calling_time.is_open = true;
  request.now = now;
  store_->intend(std::move(request), [this, trial](Result<StartResult> result) {
    if (check(std::move(result)).kind != StartResult::Kind::kStarted) {
      fmt::print(stderr, "ledger_rate: an intent was not taken\n");
      std::exit(1);
    }
    feed(trial);
  });
}

void Subject::feed(const std::shared_ptr<Trial>& trial) {
  const Time now = wall_clock_now();
  const CallStep done = trial->call.on(next_event(*trial, now), now);
  AttemptChange change;
  change.attempt = {trial->call.request(), trial->call.progress()};
  change.notes = done.notes;
  change.events = done.events;
  change.suppress = done.suppress;
  if (done.has_ended) change.contact = ContactChange{{ContactState::kDone, std::nullopt, "human"}};
  store_->record(std::move(change), [this, trial, has_ended = done.has_ended](Result<void> result) {
    check(std::move(result));
    if (has_ended) {
      ++ended_;
    } else {
      feed(trial);
    }
  });
}

// So many attempts, from the first contact that is taken to the last end that is durable.
void Subject::round(std::size_t attempts) {
  make_ready(attempts);
  const auto begin = Clock::now();
  const double cpu = cpu_seconds();
  ended_ = 0;
  for (std::size_t begun = 0; ended_ < attempts;) {
    for (; begun < attempts && begun - ended_ < kUnderWay; ++begun) {
      start(ready_.front());
      ready_.pop_front();
    }
    desk_.run_one();
  }
  rates_.push_back(static_cast<double>(attempts) / seconds_since(begin));
  cpu_ms_.push_back(1e3 * (cpu_seconds() - cpu) / static_cast<double>(attempts));
  fmt::print(stderr, "{} contacts: {:.0f} attempts/s, {:.3f} ms CPU each\n", contacts_, rates_.back(), cpu_ms_.back());
}

void Subject::ask_questions() {
  const auto measure = [this](const char* what, const std::function<void(int)>& question) {
    std::vector<double> micros;
    for (int i = 0; i < kQuestions; ++i) {
      const auto begin = Clock::now();
      question(i);
      micros.push_back(1e6 * seconds_since(begin));
    }
    questions_.push_back(fmt::format(R"("{}_us": {:.0f})", what, median(std::move(micros))));
  };
  measure("fetch_due_500", [this](int) {
    ask<DueContacts>([&](auto reply) {
      store_->fetch_due(rules_->campaign.key, lane_, DueKind::kAll, wall_clock_now(), 500, reply);
    });
  });
  measure("count_lanes", [this](int) {
    ask<std::vector<LaneCount>>([&](auto reply) { store_->count_lanes(rules_->campaign.key, reply); });
  });
  measure("report",
          [this](int) { ask<CampaignReport>([&](auto reply) { store_->report(rules_->campaign.id, reply); }); });
  measure("facts_of", [this](int i) {
    ask<std::vector<ContactFacts>>([&](auto reply) { store_->facts_of(number(i * listed_ / kQuestions), reply); });
  });
}

std::string Subject::json() const {
  return fmt::format(R"({{"contacts": {}, "imports": [{}], "attempts_per_second": {:.0f}, "rounds": [{:.0f}], )"
                     R"("cpu_ms_per_attempt": {:.3f}, {}, "bytes": {}}})",
                     contacts_, fmt::join(import_marks_, ", "), median(rates_), fmt::join(rates_, ", "),
                     median(cpu_ms_), fmt::join(questions_, ", "), std::filesystem::file_size(file_));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: ledger_rate FOLDER ATTEMPTS CONTACTS…\n");
    return 2;
  }
  log::set_up(log::Format::kText, "warn");
  const auto attempts = static_cast<std::size_t>(std::atoll(argv[2]));
  std::vector<std::unique_ptr<Subject>> subjects;
  for (int i = 3; i < argc; ++i) subjects.push_back(std::make_unique<Subject>(argv[1], std::atoll(argv[i])));
  for (auto& subject : subjects) subject->ask_questions();
  // In turns, so that whatever else the machine does concerns all of them.
  for (int round = 0; round < kRounds; ++round) {
    for (auto& subject : subjects) subject->round(attempts);
  }
  fmt::print("[");
  for (auto& subject : subjects) {
    fmt::print("{}{}", subject == subjects.front() ? "" : ",\n ", subject->json());
  }
  fmt::print("]\n");
}
