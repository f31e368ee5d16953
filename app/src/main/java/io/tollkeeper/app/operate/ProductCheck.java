package io.tollkeeper.app.operate;

import java.time.InstantSource;
import java.util.List;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.core.proxy.Finding;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;

/// What a gateway would say of a configuration's products: compiles them as a start would, in a gateway that never
/// listens and asks no meter. Blocks for a moment.
public final class ProductCheck {

    private static final Meter NOBODY_CALLS =
            (_, _) -> exchange -> exchange.failInternally("this gateway was made to check a configuration");

    private ProductCheck() {}

    /// Mistakes and doubts of single products.
    public static List<Finding> findings(Configuration configuration) {
        try (var engine = Engine.start(new EngineSettings(Transport.NIO, 1, EngineSettings.Dns.DEFAULT));
                var recorder = new Recorder(engine.loops(), RecorderSettings.DEFAULT, null, null);
                var gateway = new Gateway(engine, UpstreamSettings.DEFAULT, configuration.settings().gateway().pathRouting(), false,
                        JwtSettings.DEFAULT, new Fetcher(engine, ClientTls.VERIFIED, "Tollkeeper"), NOBODY_CALLS,
                        InstantSource.system(), recorder, null)) {
            return gateway.check(configuration.declared().proxies());
        }
    }
}
