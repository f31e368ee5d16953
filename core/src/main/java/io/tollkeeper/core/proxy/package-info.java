/// What the gateway must know of a product, as plain values; compiling them is the gateway's work.
@NullMarked
package io.tollkeeper.core.proxy;

import org.jspecify.annotations.NullMarked;
