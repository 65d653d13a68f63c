// Sends a contact list through the import, without a ledger: what bench/import.py measures.
//
//   import_rate REGION FILE     prints rows, rejected rows, seconds of CPU and the peak of resident memory as JSON
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "core/campaign/import/contact_importer.h"

namespace {

double cpu_seconds(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace carillon;
  if (argc != 3) {
    fmt::print(stderr, "usage: import_rate REGION FILE\n");
    return 2;
  }
  ContactImporter importer({.default_region = argv[1]});
  std::ifstream file(argv[2], std::ios::binary);
  std::string chunk(64 * 1024, '\0');
  std::size_t contacts = 0;
  std::size_t rejected = 0;
  for (bool is_end = false; !is_end;) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    importer.feed(std::string_view(chunk).substr(0, static_cast<std::size_t>(file.gcount())));
    if (file.gcount() == 0) importer.finish();
    for (bool needs_bytes = false; !needs_bytes && !is_end;) {
      const auto batch = importer.next_batch(1000);
      if (!batch) {
        fmt::print(stderr, "import_rate: {}\n", to_string(batch.error()));
        return 1;
      }
      contacts += batch->contacts.size();
      rejected += batch->rejected.size();
      needs_bytes = batch->needs_bytes;
      is_end = batch->is_end;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(R"({{"contacts": {}, "rejected": {}, "cpu_seconds": {:.3f}, "peak_mib": {:.1f}}})"
             "\n",
             contacts, rejected, cpu_seconds(usage), static_cast<double>(usage.ru_maxrss) / 1024);
}
