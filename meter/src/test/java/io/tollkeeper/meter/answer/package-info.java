/// Tests of writing answers.
@NullMarked
package io.tollkeeper.meter.answer;

import org.jspecify.annotations.NullMarked;
