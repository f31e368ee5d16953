/// What was used: periods, counters of an application, totals of a product, and the journal that makes them durable.
@NullMarked
package io.tollkeeper.core.usage;

import org.jspecify.annotations.NullMarked;
