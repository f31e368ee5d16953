package io.tollkeeper.bench.configuration;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import com.sun.management.OperatingSystemMXBean;
import io.tollkeeper.app.declaration.Declared;
import io.tollkeeper.app.declaration.GatewayDocumentReader;
import io.tollkeeper.app.declaration.ServiceFilter;
import io.tollkeeper.app.demo.Echo;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.gateway.Gateway;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.gateway.jwt.JwtSettings;
import io.tollkeeper.gateway.meter.Meter;
import io.tollkeeper.gateway.route.PathRouting;
import io.tollkeeper.gateway.upstream.UpstreamSettings;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Engine;
import io.tollkeeper.http.EngineSettings;
import io.tollkeeper.http.ListenerSettings;
import io.tollkeeper.http.Transport;
import io.tollkeeper.http.fetch.Fetcher;
import io.tollkeeper.http.recorder.LogFormat;
import io.tollkeeper.http.recorder.Recorder;
import io.tollkeeper.http.recorder.RecorderSettings;

/// What a gateway with many products costs. A program of its own, everything on loopback; the meter lets every call in,
/// so that products are what is measured. Prints one line of JSON.
///
/// | arguments | what |
/// |---|---|
/// | `load PRODUCTS` | reads a document, takes it over, and then one with a single change; CPU time, heap, time to be in effect |
/// | `changes PRODUCTS CHANGES` | changes one product after the other under load; failed calls, heap at a tenth and at the end |
/// | `serve PRODUCTS PORT UPSTREAM-PORT` | serves until it is ended |
public final class ManyProducts {

    private static final Meter EVERYBODY = (_, _) -> exchange -> {
        exchange.record().decision(FlightRecord.Outcome.GRANTED);
        return Step.NEXT;
    };

    private final Engine engine;
    private final Gateway gateway;

    private ManyProducts(Engine engine) {
        this.engine = engine;
        // few records: a ring that fills up while changes go on is no growth of theirs
        var recorder = new Recorder(engine.loops(), new RecorderSettings(16, 50, 8192, LogFormat.JSON), null, null);
        gateway = new Gateway(engine, UpstreamSettings.DEFAULT, PathRouting.OFF, false, JwtSettings.DEFAULT,
                new Fetcher(engine, ClientTls.VERIFIED, "Tollkeeper/bench"), EVERYBODY, InstantSource.system(), recorder, null);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (var engine = Engine.start(new EngineSettings(Transport.EPOLL, 1, EngineSettings.Dns.DEFAULT))) {
            var program = new ManyProducts(engine);
            int products = Integer.parseInt(arguments[1]);
            switch (arguments[0]) {
                case "load" -> program.load(products);
                case "changes" -> program.changes(products, Integer.parseInt(arguments[2]));
                case "serve" -> program.serve(products, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
                default -> throw new IllegalArgumentException("expected: load, changes or serve");
            }
        }
        System.exit(0);
    }

    private static Declared read(byte[] text, Declared before) {
        var findings = new Findings();
        var declared = new GatewayDocumentReader(ServiceFilter.ALL, findings).knowing(before).read("document", text).declared();
        if (!findings.sorted().isEmpty()) {
            throw new IllegalStateException(findings.sorted().toString());
        }
        return declared;
    }

    private InetSocketAddress listen(int port) throws IOException {
        return gateway.listen(ListenerSettings.plain("gateway", new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }

    private int upstream() throws IOException {
        var echo = new Echo();
        return engine.listen(ListenerSettings.plain("upstream", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), _ -> echo)
                .address().getPort();
    }

    // ---- load

    private void load(int products) throws IOException {
        int upstream = upstream();
        var address = listen(0);
        var last = products - 1;
        long empty = heapAfterCollection();
        var text = Documents.of(products, upstream, -1, 0);
        long document = text.length;

        long cpu = cpuNanos();
        var declared = read(text, Declared.NOTHING);
        long reading = cpuNanos() - cpu;
        gateway.apply(declared.proxies());
        long loading = cpuNanos() - cpu;
        long heap = heapAfterCollection() - empty;

        var changed = Documents.of(products, upstream, last, 1);
        long start = System.nanoTime();
        var next = read(changed, declared);
        long reread = System.nanoTime() - start;
        long kept = 0;
        for (int i = 0; i < products; i++) {
            kept += next.proxies().get(i) == declared.proxies().get(i) ? 1 : 0;
        }
        List<Long> times = new ArrayList<>();
        try (var caller = new Caller(address.getPort())) {
            for (int i = 0; i < 21; i++) {
                boolean newer = i % 2 == 0;
                var wanted = newer ? next : declared;
                start = System.nanoTime();
                gateway.apply(wanted.proxies());
                int status = caller.get("/v1/resource3/7?user_key=k", Documents.HOST.formatted(last));
                times.add(System.nanoTime() - start);
                if (status != (newer ? 200 : 404)) {
                    throw new IllegalStateException("change " + i + " is not in effect: " + status);
                }
            }
        }
        times.sort(null);
        System.out.printf("{\"products\":%d,\"document\":%d,\"reading\":%.3f,\"loading\":%.3f,\"heap\":%.1f,\"reread\":%.1f,"
                        + "\"kept\":%d,\"change\":%.1f,\"slowest\":%.1f}%n",
                products, document, reading / 1e9, loading / 1e9, (double) heap / products, reread / 1e6,
                kept, times.get(times.size() / 2) / 1e6, times.getLast() / 1e6);
    }

    // ---- changes

    private void changes(int products, int changes) throws IOException, InterruptedException {
        int upstream = upstream();
        int port = listen(0).getPort();
        var declared = read(Documents.of(products, upstream, -1, 0), Declared.NOTHING);
        gateway.apply(declared.proxies());
        var load = new Load(port, products);
        long early = 0;
        long start = System.nanoTime();
        for (int i = 1; i <= changes; i++) {
            declared = read(Documents.of(products, upstream, i % products, i), declared);
            gateway.apply(declared.proxies());
            if (i == changes / 10) {
                early = load.paused(ManyProducts::heapAfterCollection);
            }
        }
        long took = System.nanoTime() - start;
        long late = load.paused(ManyProducts::heapAfterCollection);
        load.stop();
        System.out.printf("{\"products\":%d,\"changes\":%d,\"seconds\":%.1f,\"calls\":%d,\"failed\":%d,\"early\":%d,\"late\":%d}%n",
                products, changes, took / 1e9, load.calls(), load.failed(), early, late);
    }

    // ---- serve

    private void serve(int products, int port, int upstream) throws IOException, InterruptedException {
        gateway.apply(read(Documents.of(products, upstream, -1, 0), Declared.NOTHING).proxies());
        System.out.println("serving " + products + " products on " + listen(port));
        new CountDownLatch(1).await();
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static long heapAfterCollection() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
