package io.tollkeeper.core.flight;

import java.util.List;

/// Kept flight records on disk, within limits of size and age. Blocks; used by the log writer's thread and by commands.
public interface FlightStore extends Flights {

    /// Keeps records. Failing to is not the requests' problem: it is counted and reported by the implementation.
    void keep(List<FlightRecord> records);
}
