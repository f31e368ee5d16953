package io.tollkeeper.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/// A loopback port on which every connect is refused, for as long as this is open.
///
/// The port is bound but never listens, so nobody else can take it between two steps of a test.
public final class RefusingPort implements AutoCloseable {

    private final Socket bound = new Socket();

    private RefusingPort() {}

    public static RefusingPort open() throws IOException {
        var port = new RefusingPort();
        port.bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return port;
    }

    public int port() {
        return bound.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        bound.close();
    }
}
