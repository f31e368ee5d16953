/// The log of everything counted: queue, writer, file.
@NullMarked
package io.tollkeeper.store.journal;

import org.jspecify.annotations.NullMarked;
