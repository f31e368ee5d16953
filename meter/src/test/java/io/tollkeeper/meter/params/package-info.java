/// Tests of the parameter parser.
@NullMarked
package io.tollkeeper.meter.params;

import org.jspecify.annotations.NullMarked;
