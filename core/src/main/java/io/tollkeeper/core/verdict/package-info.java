/// From a kept flight record to an explanation for people.
@NullMarked
package io.tollkeeper.core.verdict;

import org.jspecify.annotations.NullMarked;
