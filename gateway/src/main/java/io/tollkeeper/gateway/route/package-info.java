/// Choosing the product of a request.
@NullMarked
package io.tollkeeper.gateway.route;

import org.jspecify.annotations.NullMarked;
