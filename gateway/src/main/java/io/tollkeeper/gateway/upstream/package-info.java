/// Passing requests on and answers back.
@NullMarked
package io.tollkeeper.gateway.upstream;

import org.jspecify.annotations.NullMarked;
