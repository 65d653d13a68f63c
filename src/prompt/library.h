// The prompts of this installation: built-in ones by name, files below allowed folders by path, uploads. Conversion
// runs on a thread of its own; replies come by `post`.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/ports/prompts.h"

namespace carillon {

struct PromptFolders {
  std::filesystem::path built_in;              // named prompts: <name>.ulaw, <name>.wav …
  std::filesystem::path store;                 // content-addressed, written here
  std::vector<std::filesystem::path> sources;  // files below these may be named by path
};

class PromptLibrary final : public Prompts {
 public:
  static constexpr std::size_t kMaxWaiting = 256;
  using Post = std::function<void(std::function<void()>)>;

  PromptLibrary(PromptFolders folders, Post post);
  ~PromptLibrary() override;

  void resolve(std::string audio, Reply<PromptInfo> reply) override;
  bool is_stored(const std::string& id) const override;
  void store(std::string bytes, std::string name, Reply<PromptInfo> reply) override;

 private:
  using Work = std::function<Result<PromptInfo>()>;
  void submit(Work work, Reply<PromptInfo> reply);
  void run();
  Result<PromptInfo> resolve_now(const std::string& audio);
  Result<std::filesystem::path> find_file(const std::string& audio) const;

  struct Known {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    PromptInfo info;
  };
  struct Item {
    Work work;
    Reply<PromptInfo> reply;
  };

  PromptFolders folders_;
  Post post_;
  std::map<std::string, Known> known_;  // worker thread only
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace carillon
