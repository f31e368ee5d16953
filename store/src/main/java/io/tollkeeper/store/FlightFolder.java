package io.tollkeeper.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;

import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.store.flight.SqliteFlightStore;
import io.tollkeeper.store.sqlite.Database;
import io.tollkeeper.store.sqlite.StoreFileException;

/// The data folder of a process that counts nothing itself: held by this process alone, with its flight records. Blocks;
/// opened and closed by one thread.
public final class FlightFolder implements AutoCloseable {

    private final DataFolder folder;
    private final SqliteFlightStore flights;

    private FlightFolder(DataFolder folder, SqliteFlightStore flights) {
        this.folder = folder;
        this.flights = flights;
    }

    /// Takes the folder and opens its records, creating what is not there. What is wrong is a [StoreFileException] whose
    /// message is for people. Of the settings, clock and limits of flight records count.
    public static FlightFolder open(Path dataFolder, StoreSettings settings) {
        DataFolder folder = DataFolder.take(dataFolder);
        try {
            Database file = Database.open(folder.path(), "flights");
            return new FlightFolder(
                    folder, new SqliteFlightStore(file, settings.clock(), settings.flightBytes(), settings.flightAge()));
        } catch (StoreFileException e) {
            try {
                folder.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    public FlightStore flights() {
        return flights;
    }

    /// Records that could not be kept.
    public long lostFlights() {
        return flights.lost();
    }

    @Override
    public void close() {
        try {
            flights.close();
            folder.close();
        } catch (SQLException | IOException e) {
            throw new StoreFileException("data folder " + folder.path() + " could not be closed cleanly: " + e.getMessage(), e);
        }
    }
}
