package io.tollkeeper.http;

import java.net.InetAddress;
import java.util.List;

import io.tollkeeper.core.reason.Reason;

/// What came of resolving a name. Immutable.
sealed interface Resolution {

    /// @param stale whether the answer is past its time (D-STALE-USED)
    record Found(List<InetAddress> addresses, boolean stale) implements Resolution {
        public Found {
            addresses = List.copyOf(addresses);
        }
    }

    record Failed(Reason reason, String evidence) implements Resolution {}
}
