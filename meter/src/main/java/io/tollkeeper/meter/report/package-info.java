/// Batches of past use: from parameters to what the authorizer counts.
@NullMarked
package io.tollkeeper.meter.report;

import org.jspecify.annotations.NullMarked;
