/// What many products and many changes of them cost a gateway; not shipped.
@NullMarked
package io.tollkeeper.bench.configuration;

import org.jspecify.annotations.NullMarked;
