/// What the gateway counts about itself, for Prometheus.
@NullMarked
package io.tollkeeper.gateway.metrics;

import org.jspecify.annotations.NullMarked;
