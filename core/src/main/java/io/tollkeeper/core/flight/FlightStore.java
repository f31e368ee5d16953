package io.tollkeeper.core.flight;

import java.util.List;

import org.jspecify.annotations.Nullable;

/// Kept flight records on disk, within limits of size and age. Blocks; used by the log writer's thread and by commands.
public interface FlightStore {

    /// Keeps records. Failing to is not the requests' problem: it is counted and reported by the implementation.
    void keep(List<FlightRecord> records);

    /// The record of a request id, or none.
    @Nullable FlightRecord find(RequestId id);

    /// The newest records first, at most `limit`.
    List<FlightRecord> newest(int limit);
}
