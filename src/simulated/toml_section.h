// One table of a TOML file, read strictly: each key is asked for once, and what nobody asked for is a mistake. Reading
// goes on after a mistake, and the first one of the file is told, with its line and column.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace carillon::simulated {

class TomlMistakes {
 public:
  explicit TomlMistakes(std::string_view file_name) : file_name_(file_name) {}

  void add(const toml::source_region& where, std::string_view text);
  void add(Error error);
  const std::optional<Error>& first() const { return first_; }
  const std::string& file_name() const { return file_name_; }

 private:
  std::string file_name_;
  std::optional<Error> first_;
};

class TomlSection {
 public:
  TomlSection(const toml::table& table, std::string path, TomlMistakes& mistakes)
      : table_(table), path_(std::move(path)), mistakes_(mistakes) {}

  // The key is missing: `target` stays as it is, and false is returned. A value outside of the bounds is a mistake.
  bool number(std::string_view key, double& target, double min, double max);
  bool whole(std::string_view key, std::int64_t& target, std::int64_t min, std::int64_t max);
  bool share(std::string_view key, double& target) { return number(key, target, 0, 1); }
  bool truth(std::string_view key, bool& target);
  bool text(std::string_view key, std::string& target);
  bool time(std::string_view key, Time& target);
  template <class Integer>
  bool whole(std::string_view key, Integer& target, std::int64_t min, std::int64_t max) {
    std::int64_t given = 0;
    if (!whole(key, given, min, max)) return false;
    target = static_cast<Integer>(given);
    return true;
  }
  std::vector<std::string> texts(std::string_view key);
  std::optional<TomlSection> section(std::string_view key);
  std::vector<TomlSection> sections(std::string_view key);  // [[key]]
  const toml::node* find(std::string_view key);

  // Asks for what must be there: complains if it is not.
  bool need(std::string_view key);
  // A mistake in the value of the key, or in the section if it is not there.
  void complain(std::string_view key, std::string_view text);
  void complain(const toml::node& node, std::string_view key, std::string_view text);
  std::vector<std::string> keys() const;
  const toml::table& table() const { return table_; }
  TomlMistakes& mistakes() { return mistakes_; }

  // After all keys were asked for: there must be no others.
  void close();

 private:
  std::string path_of(std::string_view key) const;

  const toml::table& table_;
  std::string path_;
  TomlMistakes& mistakes_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace carillon::simulated
