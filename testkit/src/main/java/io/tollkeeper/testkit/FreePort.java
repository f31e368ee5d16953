package io.tollkeeper.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/// Finds a loopback port that was free a moment ago, for programs that cannot listen on port 0.
///
/// Taken below the range that the kernel hands to outgoing connections (32768 and up on Linux): on a busy machine such a
/// connection would now and then take the port between its being found and its being used.
public final class FreePort {

    private static final int LOWEST = 12_000;
    private static final int RANGE = 20_000;
    private static final AtomicInteger NEXT = new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % RANGE));

    private FreePort() {}

    public static int find() {
        for (int tries = 0; tries < RANGE; tries++) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), RANGE);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException _) {
                // in use: the next one
            }
        }
        throw new IllegalStateException("no free port on loopback from " + LOWEST + " to " + (LOWEST + RANGE));
    }
}
