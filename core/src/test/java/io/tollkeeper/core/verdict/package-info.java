/// Proofs of io.tollkeeper.core.verdict.
@NullMarked
package io.tollkeeper.core.verdict;

import org.jspecify.annotations.NullMarked;
