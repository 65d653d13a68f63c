#include "app/dial_queue.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "base/text.h"

namespace carillon {
namespace {

constexpr std::size_t kMaxBodyBytes = 64 * 1024;  // Api::body_limit() of POST /dial
constexpr int kMostDoublings = 10;

// Fit for an attribute: what was cut inside a letter of UTF-8 would be refused.
std::string plain(std::string_view text, std::size_t max_bytes) {
  auto line = printable(text, max_bytes);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return line;
}

std::string id_of(const aws::Received& message) { return plain(message.message_id, 100); }

}  // namespace

// What replies reach, also those that come when the queue is gone.
struct DialQueue::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_stopping = false;
  std::uint64_t round = 0;  // replies of an earlier one are late
  std::vector<std::optional<Result<void>>> answers;
  std::size_t missing = 0;
  api::DialQueueState state;
};

DialQueue::DialQueue(aws::Client& client, DialQueueOptions options, Dial dial)
    : sqs_(client), options_(std::move(options)), dial_(std::move(dial)), shared_(std::make_shared<Shared>()) {
  thread_ = std::thread([this] { run(); });
}

DialQueue::~DialQueue() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void DialQueue::stop() {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->is_stopping = true;
  }
  shared_->changed.notify_all();
}

bool DialQueue::is_stopping() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->is_stopping;
}

api::DialQueueState DialQueue::state() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->state;
}

void DialQueue::run() {
  int failures = 0;
  while (!is_stopping()) {
    auto received = sqs_.receive(options_.queue_url, {.wait = options_.poll, .visibility_timeout = options_.hidden});
    if (!received) {
      if (failures == 0) log::warn("dial_queue_failed", {{"detail", to_string(received.error())}});
      show_trouble(to_string(received.error()));
      pause(failures++);
      continue;
    }
    if (failures > 0) log::info("dial_queue_works_again");
    failures = 0;
    show_trouble({});
    if (!received->empty()) work_off(*std::move(received));
  }
}

void DialQueue::work_off(Messages hand) {
  for (int tries = 0; !hand.empty(); ++tries) {
    const auto results = is_stopping() ? std::vector<Result<void>>() : ask(hand);
    if (results.empty()) {
      give_back(hand);
      return;
    }
    std::vector<std::string> done;
    Messages kept;
    for (std::size_t i = 0; i < hand.size(); ++i) {
      switch (fate_of(results[i])) {
        case Fate::kDone: done.push_back(hand[i].receipt_handle); break;
        case Fate::kBad:
          if (set_aside(hand[i], results[i].error())) done.push_back(hand[i].receipt_handle);
          break;
        case Fate::kKept: kept.push_back(std::move(hand[i])); break;
        case Fate::kLeft:
          log::error("dial_request_failed", {{"message", id_of(hand[i])}, {"detail", to_string(results[i].error())}});
          break;
      }
    }
    if (!done.empty()) remove(done);
    hand = std::move(kept);
    {
      const std::scoped_lock lock(shared_->mutex);
      shared_->state.accepted += static_cast<std::uint64_t>(
          std::ranges::count_if(results, [](const auto& result) { return result.has_value(); }));
      shared_->state.in_hand = hand.size();
    }
    if (hand.empty()) return;
    const auto held = std::ranges::find_if(results, [](const auto& r) { return fate_of(r) == Fate::kKept; });
    show_trouble(to_string(held->error()));
    hide(hand);
    show_in_hand(hand.size());
    pause(tries);
  }
}

std::vector<Result<void>> DialQueue::ask(const Messages& hand) {
  std::uint64_t round = 0;
  {
    const std::scoped_lock lock(shared_->mutex);
    round = ++shared_->round;
    shared_->answers.assign(hand.size(), std::nullopt);
    shared_->missing = hand.size();
    shared_->state.in_hand = hand.size();
  }
  for (std::size_t i = 0; i < hand.size(); ++i) {
    const auto reply = [shared = shared_, round, i](Result<void> result) {
      const std::scoped_lock lock(shared->mutex);
      if (round != shared->round || shared->answers[i]) return;
      shared->answers[i] = std::move(result);
      if (--shared->missing == 0) shared->changed.notify_all();
    };
    if (hand[i].body.size() > kMaxBodyBytes)
      reply(fail(ErrorCode::TooLarge, "the body has more than 64 KiB"));
    else
      dial_(hand[i].body, "sqs-" + id_of(hand[i]), reply);  // SQS's id stays the same however often it comes
  }
  std::unique_lock lock(shared_->mutex);
  const auto is_over = [this] { return shared_->missing == 0 || shared_->is_stopping; };
  while (!shared_->changed.wait_for(lock, options_.hidden / 3, is_over)) {
    lock.unlock();
    Messages waiting = hand;
    hide(waiting);
    lock.lock();
  }
  // What is not answered when it stops may be durable or not: it comes again, and is known by its id.
  if (shared_->missing > 0) return {};
  std::vector<Result<void>> results;
  for (auto& answer : shared_->answers) results.push_back(*std::move(answer));
  return results;
}

DialQueue::Fate DialQueue::fate_of(const Result<void>& result) {
  if (result) return Fate::kDone;
  const int status = http_status_of(result.error().code);
  if (status == 429 || status == 503) return Fate::kKept;
  return status >= 400 && status < 500 ? Fate::kBad : Fate::kLeft;
}

bool DialQueue::set_aside(const aws::Received& message, const Error& reason) {
  const std::string slug(slug_of(reason.code));
  {
    const std::scoped_lock lock(shared_->mutex);
    ++shared_->state.refused;
  }
  // The detail may repeat what is in the body, and so stays out of the log.
  log::warn("dial_request_refused", {{"message", id_of(message)}, {"code", slug}});
  if (options_.dead_letter_queue_url.empty()) return false;
  aws::Message letter{.text = message.body};
  letter.attributes["code"] = {slug};
  letter.attributes["reason"] = {plain(to_string(reason), 500)};
  letter.attributes["messageId"] = {id_of(message)};
  if (aws::is_fifo(options_.dead_letter_queue_url)) {
    letter.group_id = letter.deduplication_id = id_of(message);
  }
  const auto sent = sqs_.send(options_.dead_letter_queue_url, letter);
  if (sent) return true;
  log::error("dial_dead_letter_failed", {{"message", id_of(message)}, {"detail", to_string(sent.error())}});
  show_trouble(to_string(sent.error()));
  return false;
}

void DialQueue::remove(const std::vector<std::string>& handles) {
  // What is not deleted comes again, and is known by its id.
  if (const auto removed = sqs_.remove_batch(options_.queue_url, handles); !removed)
    log::warn("dial_queue_not_deleted", {{"detail", to_string(removed.error())}});
}

// For as long again. What cannot be hidden any longer, after twelve hours, comes again by itself.
void DialQueue::hide(Messages& hand) {
  std::erase_if(hand, [this](const aws::Received& message) {
    const auto hidden = sqs_.change_visibility(options_.queue_url, message.receipt_handle, options_.hidden);
    return !hidden && !aws::is_worth_a_later_try(hidden.error());
  });
}

void DialQueue::give_back(const Messages& hand) {
  for (const auto& message : hand)
    if (!sqs_.change_visibility(options_.queue_url, message.receipt_handle, Duration::zero())) return;
}

void DialQueue::pause(int failures) {
  const auto doubled = options_.first_pause * (std::int64_t{1} << std::min(failures, kMostDoublings));
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, std::min(doubled, options_.longest_pause), [this] { return shared_->is_stopping; });
}

void DialQueue::show_in_hand(std::size_t messages) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->state.in_hand = messages;
}

void DialQueue::show_trouble(std::string trouble) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->state.trouble = std::move(trouble);
}

}  // namespace carillon
