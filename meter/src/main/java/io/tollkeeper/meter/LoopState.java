package io.tollkeeper.meter;

import java.util.concurrent.ThreadLocalRandom;

import io.tollkeeper.core.flight.FlightRing;
import io.tollkeeper.core.flight.RequestIds;
import io.tollkeeper.meter.answer.Xml;
import io.tollkeeper.meter.params.Options;
import io.tollkeeper.meter.params.Params;

/// What the connections of one event loop share: memory to read and write with, which is never in use across a wait,
/// and the loop's ring of flight records. On that loop only.
final class LoopState {

    final Params params = new Params();
    final Xml xml = new Xml();
    final RequestIds ids = new RequestIds(ThreadLocalRandom.current().nextLong());
    final FlightRing flights;

    private final Params optionParams = new Params();
    private String lastHeader = "";
    private Options lastOptions = Options.NONE;

    LoopState(FlightRing flights) {
        this.flights = flights;
    }

    /// Reads a `3scale-options` header. Gateways send the same one with every call.
    Options options(String header) {
        if (!header.equals(lastHeader)) {
            lastOptions = Options.read(header, optionParams);
            lastHeader = header;
        }
        return lastOptions;
    }
}
