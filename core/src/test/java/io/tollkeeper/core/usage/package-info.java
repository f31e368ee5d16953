/// Proofs of io.tollkeeper.core.usage.
@NullMarked
package io.tollkeeper.core.usage;

import org.jspecify.annotations.NullMarked;
