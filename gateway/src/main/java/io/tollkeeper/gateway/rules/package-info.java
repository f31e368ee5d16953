/// Which mapping rules a request matches, and the form of its path that they look at.
@NullMarked
package io.tollkeeper.gateway.rules;

import org.jspecify.annotations.NullMarked;
