package io.tollkeeper.http;

/// Names to addresses, honouring times to live.
public final class Resolver implements AutoCloseable {

    Resolver(EngineSettings.Dns settings, Transport.Chosen transport, Loop loop) {}

    @Override
    public void close() {}
}
