/// Tokens of OpenID providers: who issued them, whether they are good, which application they stand for.
@NullMarked
package io.tollkeeper.gateway.jwt;

import org.jspecify.annotations.NullMarked;
