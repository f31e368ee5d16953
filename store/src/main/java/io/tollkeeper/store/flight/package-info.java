/// Kept flight records on disk.
@NullMarked
package io.tollkeeper.store.flight;

import org.jspecify.annotations.NullMarked;
