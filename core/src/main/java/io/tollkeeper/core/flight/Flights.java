package io.tollkeeper.core.flight;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// Kept flight records, wherever they are. May block.
public interface Flights {

    /// The record of a request id, or none.
    @Nullable FlightRecord find(RequestId id);

    /// The newest records first, at most `limit`.
    List<FlightRecord> newest(int limit);
}
