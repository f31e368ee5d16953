package io.tollkeeper.gateway.meter;

import java.util.List;

import io.tollkeeper.core.proxy.ProxyConfig;
import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;

/// Decides whether calls pass, and counts them. One per gateway; used on all event loops.
public interface Meter {

    /// What the meter knows of one product; made when the product is compiled.
    ///
    /// @param metrics system names, by the slots of the exchange's usage
    Account account(ProxyConfig config, List<String> metrics);

    /// Why calls of this product cannot be metered, none if they can: completes "backend.endpoint …". Asked before
    /// [#account].
    default @Nullable String problem(ProxyConfig config) {
        return null;
    }

    /// Appends what is to be told of the meter beyond the loops' counters. Any thread.
    default void metrics(PrometheusText out) {}

    /// Calls of one product.
    interface Account {
        /// Authorizes and counts the exchange's usage. `NEXT` if it may pass; otherwise it was refused, or waits.
        Step authorize(Exchange exchange);

        /// A call that was let in is over: the status that its client got is in the exchange's record, 0 if none.
        default void over(Exchange exchange) {}
    }
}
