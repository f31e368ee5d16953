/// Proofs of io.tollkeeper.core.event.
@NullMarked
package io.tollkeeper.core.event;

import org.jspecify.annotations.NullMarked;
