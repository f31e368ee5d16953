/// Proofs of io.tollkeeper.core.reason.
@NullMarked
package io.tollkeeper.core.reason;

import org.jspecify.annotations.NullMarked;
