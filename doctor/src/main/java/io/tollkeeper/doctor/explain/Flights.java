package io.tollkeeper.doctor.explain;

import java.util.List;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.RequestId;
import org.jspecify.annotations.Nullable;

/// The kept records of this node: memory first, then disk. May block.
public interface Flights {

    /// The record of a request, or none.
    @Nullable FlightRecord find(RequestId id);

    /// The newest records first, at most `limit`.
    List<FlightRecord> newest(int limit);
}
