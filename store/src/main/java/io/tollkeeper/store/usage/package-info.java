/// Snapshots of usage, closed periods, and their recovery.
@NullMarked
package io.tollkeeper.store.usage;

import org.jspecify.annotations.NullMarked;
