package io.tollkeeper.http;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;

import io.netty.util.NetUtil;
import io.tollkeeper.core.reason.Reason;

/// Names to addresses, honouring times to live.
public final class Resolver implements AutoCloseable {

    Resolver(EngineSettings.Dns settings, Transport.Chosen transport, Loop loop) {}

    /// On `loop`; `then` is called there, possibly before this returns.
    void resolve(Loop loop, String host, Consumer<Resolution> then) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        if (literal != null) {
            then.accept(new Resolution.Found(List.of(literal), false));
        } else if (host.equals("localhost")) {
            then.accept(new Resolution.Found(List.of(NetUtil.LOCALHOST4), false));
        } else {
            then.accept(new Resolution.Failed(Reason.DNS_EMPTY, host + " is no address, and no name server is asked"));
        }
    }

    /// Whether `address` has been absent from every answer for so long that connections to it are given up.
    boolean hasLeft(String host, InetAddress address) {
        return false;
    }

    @Override
    public void close() {}
}
