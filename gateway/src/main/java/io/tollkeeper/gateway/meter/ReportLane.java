package io.tollkeeper.gateway.meter;

import java.util.ArrayDeque;

import io.tollkeeper.gateway.exchange.Caching;

/// Reports of one event loop to one meter: so many under way, the others wait. A client never waits for its report,
/// unless the queue of the whole process is full: then its call is authorized and counted in one, as a first call is
/// (gateway specification, section 0, row 9). On its loop.
final class ReportLane {

    /// Reports under way at once. The meter's connections beyond them are for calls that clients wait for.
    private static final int UNDER_WAY = 64;

    private final RemoteMeter meter;
    private final MeterLoop loop;
    private final MeterEndpoint endpoint;
    private final ArrayDeque<Owed> waiting = new ArrayDeque<>();
    private int underWay;
    private boolean sending;

    /// A report to be sent.
    ///
    /// @param code  status that the client got, 0 if it is not reported
    /// @param again whether the call is authorized again; otherwise it is only counted
    private record Owed(RemoteAccount account, String key, Caching caching, int code, boolean again) {}

    ReportLane(RemoteMeter meter, MeterLoop loop, MeterEndpoint endpoint) {
        this.meter = meter;
        this.loop = loop;
        this.endpoint = endpoint;
    }

    /// Whether one more call may be reported later.
    boolean hasRoom() {
        return underWay < UNDER_WAY || meter.reportQueue().hasRoom();
    }

    int owed() {
        return underWay + waiting.size();
    }

    /// Reports a call that was let in by what the meter had said before: the call is authorized again, and counted.
    void authrep(RemoteAccount account, String key, Caching caching, int code) {
        if (underWay < UNDER_WAY) {
            sendAuthrep(account, key, caching, code);
        } else {
            waits(new Owed(account, key, caching, code, true));
        }
    }

    /// Reports a call that was authorized but not counted.
    void report(RemoteAccount account, String key, int code) {
        if (underWay < UNDER_WAY) {
            sendReport(account, key, code);
        } else {
            waits(new Owed(account, key, Caching.UNKNOWN, code, false));
        }
    }

    private void waits(Owed owed) {
        meter.reportQueue().waits();
        waiting.addLast(owed);
    }

    private void sendAuthrep(RemoteAccount account, String key, Caching caching, int code) {
        underWay++;
        account.sendAuthrep(loop, key, code, answer -> {
            meter.cache().answered(caching, key, answer.status());
            over(answer);
        });
    }

    private void sendReport(RemoteAccount account, String key, int code) {
        underWay++;
        account.sendReport(loop, key, code, this::over);
    }

    private void over(MeterAnswer answer) {
        underWay--;
        if (answer.isFailure()) {
            loop.metrics().reportLost();
            meter.outage(endpoint, answer);
        }
        sendWaiting();
    }

    /// A loop and no recursion: a report may fail before the call that sends it returns.
    private void sendWaiting() {
        if (sending) {
            return;
        }
        sending = true;
        while (underWay < UNDER_WAY && !waiting.isEmpty()) {
            Owed next = waiting.removeFirst();
            meter.reportQueue().waitsNoMore();
            if (next.again()) {
                sendAuthrep(next.account(), next.key(), next.caching(), next.code());
            } else {
                sendReport(next.account(), next.key(), next.code());
            }
        }
        sending = false;
    }
}
