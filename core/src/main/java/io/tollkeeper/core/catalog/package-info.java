/// What people decided: products, metrics, plans, limits, applications, keys. Immutable behind one volatile.
@NullMarked
package io.tollkeeper.core.catalog;

import org.jspecify.annotations.NullMarked;
