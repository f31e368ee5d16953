/// Exchanges recorded with the original gateway, replayed against the program.
@NullMarked
package io.tollkeeper.compat.gateway;

import org.jspecify.annotations.NullMarked;
