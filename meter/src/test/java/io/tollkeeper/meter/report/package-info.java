/// Tests of reading reports.
@NullMarked
package io.tollkeeper.meter.report;

import org.jspecify.annotations.NullMarked;
