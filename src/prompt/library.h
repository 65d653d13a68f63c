// The prompts of this installation: built-in ones by name, files below allowed folders by path, uploads, sources
// elsewhere and text that is spoken. Four threads, so that a slow server or a long text does not hold up what is at
// hand; replies come by `post`.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/ports/prompts.h"
#include "prompt/in_use.h"
#include "prompt/prompt_source.h"
#include "prompt/source_cache.h"
#include "prompt/speaker.h"
#include "prompt/work_lane.h"

namespace carillon {

struct PromptFolders {
  std::filesystem::path built_in;              // named prompts: <name>.ulaw, <name>.wav …
  std::filesystem::path store;                 // content-addressed, written here
  std::vector<std::filesystem::path> sources;  // files below these may be named by path
};

// What a library can do beside reading files; without a part its sources are refused.
struct PromptMakers {
  std::unique_ptr<PromptFetcher> https{};
  std::unique_ptr<PromptFetcher> s3{};
  std::string s3_bucket{};                 // where "audio/x.wav" is looked for if there is no such file here
  std::unique_ptr<SourceCache> sources{};  // of the two
  std::unique_ptr<Speaker> speaker{};
  double contact_prompts_per_second = 20;  // at most
};

class PromptLibrary final : public Prompts {
 public:
  using Post = std::function<void(std::function<void()>)>;

  PromptLibrary(PromptFolders folders, Post post, PromptMakers makers = {});
  ~PromptLibrary() override;

  void resolve(PromptRequest request, Reply<PromptInfo> reply) override;
  void speak_for_contact(std::string audio, std::string variables, Reply<PromptInfo> reply) override;
  bool is_stored(const std::string& id) const override;
  void store(std::string bytes, std::string name, Reply<PromptInfo> reply) override;
  void list(std::string after, int limit, Reply<PromptViewPage> reply) override;
  void show(std::string id, Reply<PromptView> reply) override;
  void read(std::string id, std::string extension, Reply<std::string> reply) override;
  void remove(std::string id, std::set<std::string> in_use, Reply<void> reply) override;
  std::int64_t billed_characters() const override;

 private:
  template <class T>
  using Work = std::function<Result<T>()>;
  template <class T>
  void submit(WorkLane& lane, Work<T> work, Reply<T> reply);
  Result<PromptInfo> find_here(const PromptSource& source, const std::string& audio);
  Result<PromptInfo> convert(const std::filesystem::path& file);
  Result<std::filesystem::path> find_file(const PromptSource& source, const std::string& audio) const;
  Result<PromptInfo> fetch(PromptFetcher* fetcher, const std::string& url, bool must_ask);
  Result<PromptInfo> speak(const std::string& text, const std::string& variables);
  Result<PromptInfo> info_of_id(const std::string& id) const;
  bool may_be_in_bucket(const PromptSource& source) const;

  struct Known {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    PromptInfo info;
  };

  PromptFolders folders_;
  Post post_;
  PromptMakers makers_;
  std::map<std::string, Known> known_;  // the thread of disk_ only
  // The threads go first, and of them those who ask the others.
  std::unique_ptr<WorkLane> egress_;    // sources elsewhere; it alone uses makers_.sources
  std::unique_ptr<WorkLane> disk_;      // files, uploads, listing
  std::unique_ptr<WorkLane> speech_;    // texts that somebody waits for
  std::unique_ptr<WorkLane> contacts_;  // texts for contacts, at their own pace
};

}  // namespace carillon
