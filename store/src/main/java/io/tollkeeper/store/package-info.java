/// The embedded store: one data folder, owned by one process.
@NullMarked
package io.tollkeeper.store;

import org.jspecify.annotations.NullMarked;
