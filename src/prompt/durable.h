// Small files that survive a power cut, and are seen whole or not at all: written beside their name and renamed. For
// worker threads; errors are Io with the reason of the operating system.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace carillon {

// Readable by everyone, whatever the umask: Asterisk runs as another user.
Result<void> replace_durably(const std::filesystem::path& file, std::string_view bytes);
// After new names, renames and removals in a folder.
Result<void> flush_folder(const std::filesystem::path& folder);
// NotFound if there is none; Io if it is no file, larger than that, or cannot be read.
Result<std::string> read_bounded(const std::filesystem::path& file, std::size_t max_bytes);

// One process and thread at a time changes a folder, for as long as this lives. On file systems that have no locks it
// does nothing.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int fd_;
};

}  // namespace carillon
