/// One SQLite file: opening, checking, migrating it.
@NullMarked
package io.tollkeeper.store.sqlite;

import org.jspecify.annotations.NullMarked;
