/// What happened to a request: the record, the ring that keeps it, the ids that find it.
@NullMarked
package io.tollkeeper.core.flight;

import org.jspecify.annotations.NullMarked;
