package io.tollkeeper.meter.events;

import java.net.URI;
import java.time.Duration;

/// Whom [EventsHook] tells, and how often at most. `secret` is the one that the portal expects, empty for none;
/// `timeout` is for connecting and for the whole answer, each.
public record HookSettings(URI url, String secret, Duration interval, Duration timeout) {

    /// Keeps the secret out of logs.
    @Override
    public String toString() {
        return "HookSettings[" + url + ", every " + interval + ", timeout " + timeout + "]";
    }
}
