/// Exchanges recorded with the originals, replayed against the program.
@NullMarked
package io.tollkeeper.compat.recorded;

import org.jspecify.annotations.NullMarked;
