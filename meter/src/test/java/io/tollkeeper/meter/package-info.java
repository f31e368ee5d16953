/// Tests of the meter over real sockets; stores are in memory.
@NullMarked
package io.tollkeeper.meter;

import org.jspecify.annotations.NullMarked;
