// Dial requests from an SQS queue, the other way in beside POST /dial: a message is that request's body. A thread of
// its own takes up to ten at a time and hands them to the control thread. A message is deleted only once its call is
// durable, so that a crash at any point brings it again; its callId, or else its message id, then gives the call that
// is there already. What becomes of a message:
//   accepted                           deleted
//   what POST /dial answers 4xx to     to the dead-letter queue with the reason, then deleted; without such a queue it
//                                      stays, and the queue's redrive policy decides
//   429 and 503                        it is kept, hidden from others, and tried again with growing pauses; meanwhile
//   no
//                                      further message is taken
//   any other trouble                  it comes again when its visibility ends
// Bounds: ten messages in hand; bodies as long as POST /dial takes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/api.h"
#include "aws/sqs.h"

namespace carillon {

struct DialQueueOptions {
  std::string queue_url;
  std::string dead_letter_queue_url = {};          // empty: none
  Duration poll = std::chrono::seconds(5);         // how long SQS waits for a first message; a stop waits for it
  Duration hidden = std::chrono::seconds(30);      // the visibility timeout of a message in hand
  Duration first_pause = std::chrono::seconds(1);  // between tries, and after trouble with SQS
  Duration longest_pause = std::chrono::seconds(20);
};

class DialQueue {
 public:
  // Has the call made durable; called by the queue's thread, replies once from any.
  using Dial =
      std::function<void(std::string body, std::string fallback_call_id, std::function<void(Result<void>)> reply)>;

  // The client must outlive it.
  DialQueue(aws::Client& client, DialQueueOptions options, Dial dial);
  // Waits for a request to SQS that is under way. Replies that come later are dropped.
  ~DialQueue();
  DialQueue(const DialQueue&) = delete;
  DialQueue& operator=(const DialQueue&) = delete;

  // From any thread: takes no more messages.
  void stop();
  api::DialQueueState state() const;

 private:
  struct Shared;
  using Messages = std::vector<aws::Received>;
  enum class Fate : std::uint8_t { kDone, kBad, kKept, kLeft };

  void run();
  void work_off(Messages hand);
  // One per message; nothing when stopped.
  std::vector<Result<void>> ask(const Messages& hand);
  static Fate fate_of(const Result<void>& result);
  // True: the message is safe in the dead-letter queue.
  bool set_aside(const aws::Received& message, const Error& reason);
  void remove(const std::vector<std::string>& handles);
  void hide(Messages& hand);
  void give_back(const Messages& hand);
  bool is_stopping() const;
  void pause(int failures);
  void show_in_hand(std::size_t messages);
  void show_trouble(std::string trouble);

  aws::Sqs sqs_;
  const DialQueueOptions options_;
  const Dial dial_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace carillon
