package io.tollkeeper.gateway.meter;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import io.tollkeeper.gateway.metrics.LoopMetrics;
import io.tollkeeper.http.DeadlineWheel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Usage of one product that was let in but not handed in to its meter: summed up per application, sent in one report per
/// interval (gateway specification, section 12.1). Usage is added on any loop; reports go out on the loop of the product's
/// first call, one at a time.
///
/// What a report did not bring to the meter is sent again as it is: no answer, or a server error. What the meter refuses
/// will be refused again: it is told in the log and counted as lost. (The original loses all that is answered with an
/// error, and what was not sent when the process ends.)
final class UsageBatch {

    private static final Logger LOG = LoggerFactory.getLogger(UsageBatch.class);
    /// A form of 3scale's meter has at most 4096 parameters.
    private static final int MOST_PARAMETERS = 4000;
    private static final int ENTRY = 160;
    private static final int METRIC = 24;
    private static final int UNSENT = 0;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int REQUEST_TIMEOUT = 408;

    private final MeterLoop home;
    private final MeterEndpoint endpoint;
    private final String target;
    private final AtomicLong bytes;
    private final long room;
    private final DeadlineWheel.Deadline due = new DeadlineWheel.Deadline() {
        @Override
        protected void expired() {
            send();
        }
    };

    /// Guarded by this batch's monitor: usage by `user_key=…` or `app_id=…`.
    private final Map<String, Sums> waiting = new LinkedHashMap<>();

    // ---- on the home loop
    private byte @Nullable [] underWay;
    private long underWayBytes;
    private boolean asked;
    /// Whether more waited than one form may have.
    private boolean more;
    private volatile long interval;
    private volatile boolean idle = true;

    /// Amounts of one application by metric, the names as they are sent.
    private static final class Sums {
        private String[] names = new String[2];
        private long[] amounts = new long[2];
        private int size;

        boolean add(String name, long amount) {
            for (int i = 0; i < size; i++) {
                if (names[i].equals(name)) {
                    amounts[i] = amounts[i] > Long.MAX_VALUE - amount ? Long.MAX_VALUE : amounts[i] + amount;
                    return false;
                }
            }
            if (size == names.length) {
                names = Arrays.copyOf(names, size * 2);
                amounts = Arrays.copyOf(amounts, size * 2);
            }
            names[size] = name;
            amounts[size++] = amount;
            return true;
        }
    }

    /// @param bytes bytes that all batches of the process hold
    UsageBatch(MeterLoop home, MeterEndpoint endpoint, String target, AtomicLong bytes, long room) {
        this.home = home;
        this.endpoint = endpoint;
        this.target = target;
        this.bytes = bytes;
        this.room = room;
    }

    /// Adds what a call used; its key says who and what. Any loop. Drops it, visibly, if there is no room.
    void add(String key, long reportEvery, LoopMetrics metrics) {
        interval = reportEvery;
        int from = key.indexOf('&') + 1;
        int end = key.indexOf('&', from);
        String who = key.substring(from, end);
        synchronized (this) {
            Sums sums = waiting.get(who);
            if (sums == null) {
                if (bytes.get() > room) {
                    metrics.usageDropped();
                    return;
                }
                bytes.addAndGet(ENTRY + who.length());
                sums = new Sums();
                waiting.put(who, sums);
            }
            int at = key.indexOf(ReportForm.USAGE, end);
            while (at >= 0) {
                int equals = key.indexOf('=', at);
                int next = key.indexOf('&', equals);
                String name = key.substring(at + ReportForm.USAGE.length(), equals);
                if (sums.add(name, Long.parseLong(key, equals + 1, next < 0 ? key.length() : next, 10))) {
                    bytes.addAndGet(METRIC + name.length());
                }
                at = next < 0 ? -1 : key.indexOf(ReportForm.USAGE, next);
            }
        }
        if (idle) {
            wake();
        }
    }

    /// The first usage since the last report: the interval begins.
    private void wake() {
        idle = false;
        if (home.loop().isCurrent()) {
            begin();
        } else {
            home.loop().execute(this::begin);
        }
    }

    private void begin() {
        if (!due.isSet() && underWay == null) {
            home.loop().deadlines().set(due, interval);
        }
    }

    /// Sends at once what there is. Any thread.
    void flush() {
        home.loop().execute(() -> {
            if (!asked) {
                due.clear();
                send();
            }
        });
    }

    /// Whether nothing waits and nothing is under way. Any thread.
    boolean isEmpty() {
        synchronized (this) {
            return idle && waiting.isEmpty();
        }
    }

    private void send() {
        if (asked) {
            return;
        }
        byte[] form = underWay != null ? underWay : take();
        if (form == null) {
            return;
        }
        underWay = form;
        asked = true;
        idle = false;
        home.take().report(endpoint, target, form, null, this::answered);
    }

    private void answered(MeterAnswer answer) {
        asked = false;
        int status = answer.status();
        if (status == UNSENT || status >= 500 || status == TOO_MANY_REQUESTS || status == REQUEST_TIMEOUT) {
            home.metrics().batchRepeated();
            LOG.warn("{}; the report is sent again in {} s", answer.describe(endpoint), interval / 1_000_000_000);
        } else {
            if (status >= 300) {
                home.metrics().reportLost();
                LOG.error("{} to a report of {} bytes, which is lost: it would be refused again", answer.describe(endpoint), underWayBytes);
            }
            underWay = null;
            bytes.addAndGet(-underWayBytes);
            underWayBytes = 0;
            if (more) {
                send();
                return;
            }
        }
        synchronized (this) {
            idle = underWay == null && waiting.isEmpty();
        }
        if (!idle) {
            home.loop().deadlines().set(due, interval);
        }
    }

    /// The form of what waits, as much as one may have; null if nothing does.
    private byte @Nullable [] take() {
        StringBuilder form = new StringBuilder();
        int number = 0;
        int parameters = 0;
        synchronized (this) {
            Iterator<Map.Entry<String, Sums>> entries = waiting.entrySet().iterator();
            while (entries.hasNext() && parameters < MOST_PARAMETERS) {
                Map.Entry<String, Sums> entry = entries.next();
                Sums sums = entry.getValue();
                if (parameters > 0 && parameters + sums.size + 1 > MOST_PARAMETERS) {
                    break;
                }
                ReportForm.transaction(form, number++, entry.getKey());
                underWayBytes += ENTRY + entry.getKey().length();
                for (int i = 0; i < sums.size; i++) {
                    ReportForm.usage(form, number - 1, sums.names[i], sums.amounts[i]);
                    underWayBytes += METRIC + sums.names[i].length();
                }
                parameters += sums.size + 1;
                entries.remove();
            }
            more = entries.hasNext();
            if (form.isEmpty()) {
                idle = true;
                return null;
            }
        }
        return form.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
