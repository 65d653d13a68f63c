#include "ledger/suppressions.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/contacts.h"

namespace carillon::ledger {
namespace {

std::int64_t end_of(const std::optional<Time>& expires_at) { return expires_at ? to_ms(*expires_at) : 0; }

Suppression read_suppression(const Statement& row) {
  Suppression entry;
  entry.number = row.text(0);
  entry.level = parse_suppression_level(row.text(1)).value_or(SuppressionLevel::kGlobal);
  entry.scope = row.text(2);
  entry.reason = row.text(3);
  entry.source = row.text(4);
  entry.created_at = time_from_ms(row.integer(5));
  if (row.integer(6) != 0) entry.expires_at = time_from_ms(row.integer(6));
  return entry;
}

// A cursor is the last row's key, "number/level/scope"; the scope may have slashes of its own.
struct RowKey {
  std::string_view number;
  std::string_view level;
  std::string_view scope;
};

RowKey key_of(std::string_view cursor) {
  const auto cut = [&cursor] {
    const auto part = cursor.substr(0, cursor.find('/'));
    cursor.remove_prefix(std::min(part.size() + 1, cursor.size()));
    return part;
  };
  RowKey key;
  key.number = cut();
  key.level = cut();
  key.scope = cursor;
  return key;
}

}  // namespace

std::vector<Suppression> suppressions_of(Database& db, const std::string& number) {
  std::vector<Suppression> entries;
  auto statement = db.prepare(
      "SELECT number, level, scope, reason, source, created_at, expires_at FROM suppression WHERE number = ?");
  statement.bind(number);
  while (statement.step()) entries.push_back(read_suppression(statement));
  return entries;
}

bool suppress_number(Database& db, const Suppression& entry) {
  db.prepare(
        "INSERT INTO suppression(number, level, scope, reason, source, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(number, level, scope) DO UPDATE SET reason = excluded.reason, "
        "source = excluded.source, created_at = excluded.created_at, expires_at = excluded.expires_at "
        "WHERE expires_at <> 0 AND (excluded.expires_at = 0 OR excluded.expires_at > expires_at)")
      .bind(entry.number)
      .bind(to_string(entry.level))
      .bind(entry.scope)
      .bind(entry.reason)
      .bind(entry.source)
      .bind(to_ms(entry.created_at))
      .bind(end_of(entry.expires_at))
      .run();
  const bool is_new = db.changes() > 0;
  if (entry.level == SuppressionLevel::kGlobal && !entry.expires_at) {
    skip_ready_contacts(db, entry.number, "suppressed-global", entry.reason, entry.created_at);
  }
  return is_new;
}

Result<void> unsuppress_number(Database& db, const std::string& number, SuppressionLevel level,
                               const std::string& scope) {
  db.prepare("DELETE FROM suppression WHERE number = ? AND level = ? AND scope = ?")
      .bind(number)
      .bind(to_string(level))
      .bind(scope)
      .run();
  if (db.changes() == 0) return fail(ErrorCode::NotFound, "there is no such suppression of this number");
  return {};
}

SuppressionPage list_suppressions(Database& db, const std::string& number, const std::string& after, int limit) {
  SuppressionPage page;
  if (!number.empty()) {
    page.entries = suppressions_of(db, number);
    return page;
  }
  const RowKey last_seen = key_of(after);
  auto statement = db.prepare(
      "SELECT number, level, scope, reason, source, created_at, expires_at FROM suppression "
      "WHERE (number, level, scope) > (?, ?, ?) ORDER BY number, level, scope LIMIT ?");
  statement.bind(last_seen.number).bind(last_seen.level).bind(last_seen.scope).bind(limit);
  while (statement.step()) page.entries.push_back(read_suppression(statement));
  if (static_cast<int>(page.entries.size()) == limit) {
    const auto& last = page.entries.back();
    page.next = fmt::format("{}/{}/{}", last.number, to_string(last.level), last.scope);
  }
  return page;
}

void add_registry_check(Database& db, const std::string& number, const RegistryCheck& check) {
  db.prepare(
        "INSERT INTO registry_check(number, registry, is_listed, checked_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(number, registry) DO UPDATE SET is_listed = excluded.is_listed, checked_at = excluded.checked_at "
        "WHERE excluded.checked_at >= checked_at")
      .bind(number)
      .bind(check.registry)
      .bind(check.is_listed ? 1 : 0)
      .bind(to_ms(check.checked_at))
      .run();
}

void add_consent(Database& db, const std::string& number, const Consent& consent) {
  db.prepare(
        "INSERT INTO consent(number, advertiser, basis, evidence, given_at, expires_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT(number, advertiser, basis) DO UPDATE SET evidence = excluded.evidence, "
        "given_at = excluded.given_at, expires_at = excluded.expires_at WHERE excluded.given_at >= given_at")
      .bind(number)
      .bind(consent.advertiser)
      .bind(consent.basis)
      .bind(consent.evidence)
      .bind(to_ms(consent.given_at))
      .bind(end_of(consent.expires_at))
      .run();
}

}  // namespace carillon::ledger
