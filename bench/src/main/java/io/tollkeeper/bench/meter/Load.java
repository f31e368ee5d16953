package io.tollkeeper.bench.meter;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// Calls a meter on loopback as fast as it answers and keeps account of what was acknowledged: `Load name=value…`. One
/// thread, and one line of JSON at the end.
///
/// | name | meaning |
/// |---|---|
/// | `port` | of the meter |
/// | `call` | `authrep`, `authorize`, `report`; `verify` compares every counter with the account |
/// | `products`, `applications` | as the store was filled |
/// | `called` | how many of the applications are called, evenly strewn over all (all) |
/// | `order` | `random`, `sweep` (one after the other), `strewn` (all in turn, neighbours far apart), `own` (every connection one of its own) |
/// | `connections`, `seconds` | |
/// | `until` | a file: the load ends when it is there |
/// | `width` | transactions per report |
/// | `account` | file of the account |
/// | `unavailable` | how many answers 503 are suffered before giving up (0) |
public final class Load {

    /// An answer that does not come within this time after the end is a finding.
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private static final long LOOK_NANOS = 200_000_000;

    /// Coprime to any number of applications below it.
    private static final long STRIDE = 7_368_787;

    private final Map<String, String> options;
    private final int port;
    private final String call;
    private final int products;
    private final int applications;
    private final int called;
    private final String order;
    private final Requests requests;
    private final Account account;
    private final long unavailableAllowed;
    private final SplittableRandom chance = new SplittableRandom(20);
    private final Latencies latencies = new Latencies();
    private final Map<Integer, Long> statuses = new TreeMap<>();
    private final List<String> findings = new ArrayList<>();
    private long next;
    private long good;
    private long wrong;
    private int open;

    private Load(Map<String, String> options) throws IOException {
        this.options = options;
        port = number("port", -1);
        call = text("call", "authrep");
        products = number("products", 1);
        applications = number("applications", 1);
        called = number("called", applications);
        order = text("order", "random");
        requests = Requests.of(call, products, number("width", 100));
        account = Account.read(accountFile(), applications);
        unavailableAllowed = number("unavailable", 0);
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new TreeMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            options.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        System.exit(new Load(options).run() ? 0 : 1);
    }

    private String text(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    private int number(String name, int otherwise) {
        String text = options.get(name);
        return text == null ? otherwise : Integer.parseInt(text);
    }

    private Path accountFile() {
        return Path.of(text("account", "account-that-nobody-keeps"));
    }

    private boolean run() throws IOException {
        boolean verifies = call.equals("verify");
        long began = System.nanoTime();
        long end = began + number("seconds", 1) * 1_000_000_000L;
        Path until = options.containsKey("until") ? Path.of(text("until", "")) : null;
        long looked = began;
        try (Selector selector = Selector.open()) {
            List<Connection> all = new ArrayList<>();
            for (int i = 0; i < number("connections", 1); i++) {
                all.add(new Connection(i, requests.width(), port, selector));
            }
            open = all.size();
            began = System.nanoTime();
            for (Connection connection : all) {
                begin(connection, began);
            }
            while (open > 0 && System.nanoTime() < end + PATIENCE_NANOS) {
                selector.select(100);
                long now = System.nanoTime();
                if (now - looked > LOOK_NANOS) {
                    looked = now;
                    end = until != null && Files.exists(until) ? now : end;
                }
                for (SelectionKey ready : selector.selectedKeys()) {
                    goOn((Connection) ready.attachment(), now, verifies ? Long.MAX_VALUE : end);
                }
                selector.selectedKeys().clear();
            }
            for (Connection connection : all) {
                if (connection.underWay) {
                    findings.add("connection " + connection.number + " was never answered");
                    lost(connection);
                }
            }
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        if (options.containsKey("account")) {
            account.write(accountFile());
        }
        System.out.printf(
                "LOAD {\"calls\": %d, \"seconds\": %.3f, \"p50\": %d, \"p99\": %d, \"highest\": %d, \"wrong\": %d,"
                        + " \"acknowledged\": %d, \"unknown\": %d, \"statuses\": %s, \"findings\": %s}%n",
                good, seconds, latencies.micros(0.5), latencies.micros(0.99), latencies.highest(), wrong,
                account.allAcknowledged(), account.allUnknown(), json(statuses), json(findings));
        return wrong == 0 && findings.isEmpty();
    }

    private static String json(Map<Integer, Long> counts) {
        List<String> entries = new ArrayList<>();
        counts.forEach((status, count) -> entries.add("\"" + status + "\": " + count));
        return "{" + String.join(", ", entries) + "}";
    }

    private static String json(List<String> texts) {
        List<String> quoted = new ArrayList<>();
        for (String text : texts.subList(0, Math.min(10, texts.size()))) {
            quoted.add("\"" + text.replaceAll("[\"\\\\\\p{Cntrl}]", " ") + "\"");
        }
        return "[" + String.join(", ", quoted) + "]";
    }

    /// Sends the next request, unless there is nothing left to do on this connection.
    private void begin(Connection connection, long now) throws IOException {
        if (!choose(connection)) {
            end(connection);
            return;
        }
        try {
            connection.send(requests.bytes(connection.applications), now);
        } catch (IOException e) {
            lost(connection);
        }
    }

    private boolean choose(Connection connection) {
        for (int i = 0; i < connection.applications.length; i++) {
            int nth = switch (order) {
                case "random" -> chance.nextInt(called);
                case "own" -> connection.number;
                case "strewn" -> (int) (next++ * STRIDE % called);
                default -> (int) (next++ % called);
            };
            if (call.equals("verify") && next > called) {
                return false;
            }
            connection.applications[i] = (int) ((long) nth * applications / called);
        }
        return true;
    }

    private void goOn(Connection connection, long now, long end) throws IOException {
        int status;
        try {
            status = connection.ready();
        } catch (IOException e) {
            lost(connection);
            return;
        }
        if (status == 0) {
            return;
        }
        latencies.add(now - connection.sentAt);
        statuses.merge(status, 1L, Long::sum);
        if (status == requests.good) {
            good++;
            took(connection);
        } else if (status == 503 && statuses.getOrDefault(503, 0L) <= unavailableAllowed) {
            for (int application : connection.applications) {
                account.unknown(application);
            }
        } else {
            findings.add(connection.text());
        }
        connection.answered();
        if (now < end && findings.isEmpty()) {
            begin(connection, now);
        } else {
            end(connection);
        }
    }

    private void took(Connection connection) throws IOException {
        if (call.equals("verify")) {
            int application = connection.applications[0];
            long wrongBy = account.settle(application, connection.firstValue() - Town.HITS);
            if (wrongBy != 0) {
                wrong++;
                findings.add(Town.application(application) + " is wrong by " + wrongBy);
            }
        } else if (!call.equals("authorize")) {
            for (int application : connection.applications) {
                account.acknowledged(application);
            }
        }
    }

    /// The connection broke: nobody knows whether what was under way was counted.
    private void lost(Connection connection) throws IOException {
        if (connection.underWay && !call.equals("verify")) {
            for (int application : connection.applications) {
                account.unknown(application);
            }
        }
        if (call.equals("verify")) {
            findings.add("connection " + connection.number + " broke");
        }
        statuses.merge(0, 1L, Long::sum);
        connection.underWay = false;
        end(connection);
    }

    private void end(Connection connection) throws IOException {
        connection.close();
        open--;
    }
}
