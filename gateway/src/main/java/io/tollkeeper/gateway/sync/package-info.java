/// From plain configuration to its running form: compiled completely, then swapped in at once.
@NullMarked
package io.tollkeeper.gateway.sync;

import org.jspecify.annotations.NullMarked;
