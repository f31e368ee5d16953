/// Tests of reading reports.
@NullMarked
package io.tollkeeper.meter.events;

import org.jspecify.annotations.NullMarked;
