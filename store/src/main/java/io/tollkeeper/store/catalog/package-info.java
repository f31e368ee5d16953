/// The catalogue in SQL.
@NullMarked
package io.tollkeeper.store.catalog;

import org.jspecify.annotations.NullMarked;
