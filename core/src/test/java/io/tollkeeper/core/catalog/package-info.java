/// Proofs of io.tollkeeper.core.catalog.
@NullMarked
package io.tollkeeper.core.catalog;

import org.jspecify.annotations.NullMarked;
