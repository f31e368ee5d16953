/// Proofs of io.tollkeeper.core.authorize.
@NullMarked
package io.tollkeeper.core.authorize;

import org.jspecify.annotations.NullMarked;
