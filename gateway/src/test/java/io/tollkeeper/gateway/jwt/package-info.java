/// Proofs of io.tollkeeper.gateway.jwt.
@NullMarked
package io.tollkeeper.gateway.jwt;

import org.jspecify.annotations.NullMarked;
