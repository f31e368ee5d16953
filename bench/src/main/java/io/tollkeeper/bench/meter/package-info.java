/// Stores of any size, and a load that keeps account of what was acknowledged to it.
@NullMarked
package io.tollkeeper.bench.meter;

import org.jspecify.annotations.NullMarked;
