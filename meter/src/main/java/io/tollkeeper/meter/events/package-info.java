/// Tells a portal that there are events to fetch.
@NullMarked
package io.tollkeeper.meter.events;

import org.jspecify.annotations.NullMarked;
