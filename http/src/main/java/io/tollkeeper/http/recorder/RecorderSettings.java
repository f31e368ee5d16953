package io.tollkeeper.http.recorder;

/// How much is kept of what happened. Immutable.
///
/// @param flightRecords      records kept in memory per event loop
/// @param successesPerSecond successful calls kept per second and node
/// @param logFormat          what a line of the access log looks like
/// @param logLines           lines of the access log that one event loop may be ahead of its writer
public record RecorderSettings(int flightRecords, int successesPerSecond, int logLines, LogFormat logFormat) {

    public static final RecorderSettings DEFAULT = new RecorderSettings(4096, 50, 8192, LogFormat.JSON);
}
