/// Proofs of io.tollkeeper.core.flight.
@NullMarked
package io.tollkeeper.core.flight;

import org.jspecify.annotations.NullMarked;
