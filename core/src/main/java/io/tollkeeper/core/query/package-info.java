/// Questions about what was counted: series over time, single counters, the largest consumers.
@NullMarked
package io.tollkeeper.core.query;

import org.jspecify.annotations.NullMarked;
