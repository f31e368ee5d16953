package io.tollkeeper.gateway;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import com.sun.management.ThreadMXBean;
import io.tollkeeper.core.usage.Period;
import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.gateway.meter.RemoteMeter;
import io.tollkeeper.gateway.meter.RemoteMeterSettings;
import io.tollkeeper.testkit.Manner;
import io.tollkeeper.testkit.RudePeer;
import org.junit.jupiter.api.Test;

class MeterCostTest {

    private long cpu;
    private long bytes;

    private void read() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        cpu = 0;
        bytes = 0;
        for (long id : threads.getAllThreadIds()) {
            var info = threads.getThreadInfo(id);
            if (info != null && info.getThreadName().startsWith("loop-")) {
                cpu += threads.getThreadCpuTime(id);
                bytes += threads.getThreadAllocatedBytes(id);
            }
        }
    }

    private double[] measure(RunningGateway gateway) throws Exception {
        wrk(gateway.port(), 4);
        read();
        long c = cpu;
        long b = bytes;
        long n = wrk(gateway.port(), 5);
        read();
        return new double[] {(cpu - c) / 1000.0 / n, (double) (bytes - b) / n, n};
    }

    private static long wrk(int port, int seconds) throws Exception {
        Process p = new ProcessBuilder("wrk", "-t1", "-c16", "-d" + seconds + "s", "-H", "Host: api.test",
                "http://127.0.0.1:" + port + "/a?user_key=good").redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes());
        p.waitFor();
        for (String line : out.split("\n")) {
            if (line.contains("requests in")) {
                return Long.parseLong(line.trim().split(" ")[0]);
            }
        }
        throw new IllegalStateException(out);
    }

    @Test
    void cost() throws Exception {
        Path folder = Files.createTempDirectory("spool");
        Manner ok = Manner.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Manner meter3scale = Manner.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Manner meterOurs = Manner.answering("HTTP/1.1 200 OK\r\nTollkeeper-Meter: 1\r\nContent-Length: 0\r\n\r\n");
        StringBuilder text = new StringBuilder();
        try (RudePeer upstream = RudePeer.start(ok); RudePeer theirs = RudePeer.start(meter3scale); RudePeer ours = RudePeer.start(meterOurs)) {
            for (int round = 0; round < 3; round++) {
                MemoryMeter local = new MemoryMeter().product("api", "1", List.of("hits"), MemoryMeter.limit("hits", Period.ETERNITY, 1L << 40))
                        .application("api", "app", "active").userKey("api", "good", "app");
                try (RunningGateway g = RunningGateway.over(local).products(RunningGateway.product("http://127.0.0.1:" + upstream.port())).start()) {
                    text.append("local ").append(java.util.Arrays.toString(measure(g))).append('\n');
                }
                try (RunningGateway g = RunningGateway.remote(RemoteMeterSettings.DEFAULT).products(RunningGateway.product("http://127.0.0.1:" + upstream.port(),
                        p -> p.backend("http://127.0.0.1:" + theirs.port(), null))).start()) {
                    text.append("theirs ").append(java.util.Arrays.toString(measure(g))).append('\n');
                }
                try (RunningGateway g = RunningGateway.remote(RemoteMeterSettings.DEFAULT.spool(folder)).products(RunningGateway.product("http://127.0.0.1:" + upstream.port(),
                        p -> p.backend("http://127.0.0.1:" + ours.port(), null))).start()) {
                    text.append("ours ").append(java.util.Arrays.toString(measure(g))).append('\n');
                    ((RemoteMeter) g.meter()).close();
                }
            }
        }
        Files.writeString(Path.of("/tmp/wt/remote-meter-cost.txt"), text);
    }
}
