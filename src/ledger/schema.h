// The tables of the ledger and how an older file becomes the newest. Append-only: a released migration never changes.
#pragma once

#include "ledger/database.h"

namespace carillon::ledger {

// Sets the connection's pragmas (WAL, synchronous=FULL) and applies missing migrations in one transaction each.
// Throws SqlError, also if the file was written by a newer version.
void prepare_schema(Database& db);

}  // namespace carillon::ledger
