/// How counters become a page that Prometheus reads.
@NullMarked
package io.tollkeeper.http.metrics;

import org.jspecify.annotations.NullMarked;
