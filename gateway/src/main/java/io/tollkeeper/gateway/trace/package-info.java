/// Traces: which calls are traced, what a trace tells of one, and how it reaches a collector.
@NullMarked
package io.tollkeeper.gateway.trace;

import org.jspecify.annotations.NullMarked;
