// Which stored prompts are named by campaigns and by calls under way. The control thread says so from time to time; the
// caches ask before they evict anything. Until it was said for the first time, everything is in use.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace carillon {

class PromptsInUse {
 public:
  void set(std::set<std::string> ids) {
    const std::scoped_lock lock(mutex_);
    ids_ = std::move(ids);
    is_told_ = true;
  }
  bool contains(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    return !is_told_ || ids_.contains(id);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> ids_;
  bool is_told_ = false;
};

}  // namespace carillon
