// The real ledger in a temporary folder, asked as the engine asks it, with one answer awaited at a time.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/sqlite_store.h"
#include "ledger/testing/desk.h"

namespace carillon::ledger::testing {

inline constexpr const char* kAnna = "+12025550101";
inline constexpr const char* kBert = "+12025550102";
inline const Actor kOperator{"operator", true};

inline Time at(std::int64_t ms) { return time_from_ms(1'700'000'000'000 + ms); }

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Rules that let everything pass; a test spoils what it is about.
std::shared_ptr<GateRules> open_rules(const Campaign& campaign = {});
inline CallingTime open_hours() {
  CallingTime time;
  time.is_open = true;
  return time;
}

// ---- what is told to the ledger
AttemptRequest request(const std::string& id, const std::string& number = kAnna);
StartRequest start_of(const AttemptRequest& asked, std::shared_ptr<const GateRules> rules, Time now = at(10));
// The call ended so; of a contact it becomes `next`.
AttemptChange end_of(const AttemptRequest& asked, Outcome outcome, const ContactNext& next = {});
// The call ended after its person pressed 9: every part that a change can have.
AttemptChange opt_out_of(const AttemptRequest& asked);
NewContact new_contact(std::size_t line, const std::string& number, const std::string& zone = "America/New_York");

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest();

  void open();
  template <class T, class Question>
  Result<T> ask(const Question& question) {
    std::optional<Result<T>> answer;
    question(*store_, [&answer](Result<T> result) { answer.emplace(std::move(result)); });
    // An urgent question behind it, so that its commit does not wait for company.
    store_->load({}, [](const Result<std::vector<StoredAttempt>>&) {});
    while (!answer) desk_.run_one();
    return std::move(*answer);
  }

  Result<Accepted> accept(const AttemptRequest& asked, std::shared_ptr<const GateRules> rules = open_rules());
  StartResult intend(const StartRequest& start);
  StartResult intend(const AttemptRequest& asked) { return intend(start_of(asked, open_rules())); }
  Result<void> record(const AttemptChange& change);
  std::vector<StoredAttempt> load(const std::vector<std::string>& ids);
  std::vector<StoredAttempt> load_open();
  CampaignReport report(const std::string& campaign_id);

  // A campaign with contacts of these numbers, running.
  Campaign campaign(const std::string& id, const std::vector<std::string>& numbers,
                    const CampaignSettings& settings = {});
  void change(const Campaign& changed);
  AddedContacts add(const Campaign& of, const std::vector<NewContact>& contacts);
  std::vector<ContactView> contacts(const Campaign& of, std::optional<ContactState> state = std::nullopt);
  // The contact's next try, as the engine would ask for it.
  AttemptRequest next_try(const Campaign& of, const ContactView& contact, const std::string& id);
  // Of the campaign's first contact, with an intent that is committed.
  AttemptRequest begin(const Campaign& of, const std::string& id, Time now = at(10));
  std::int64_t suppress(const Suppression& entry);

  // From the file, beside the store: what is committed. The first column of the first row.
  std::string sql(const std::string& query);
  // Where the tallies are not what a recount gives; empty = nowhere.
  std::string drift();

  TemporaryFolder folder_;
  std::filesystem::path file_;
  Desk desk_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace carillon::ledger::testing
