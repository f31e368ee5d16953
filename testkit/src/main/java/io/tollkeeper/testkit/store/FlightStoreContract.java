package io.tollkeeper.testkit.store;

import java.util.List;
import java.util.Objects;

import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.FlightStore;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.flight.Stage;
import io.tollkeeper.core.flight.StatusWriter;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.core.usage.Period;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What every [FlightStore] does. A subclass gives an empty store per test, large enough for a few records.
public abstract class FlightStoreContract {

    /// The store under test; the same one for the whole of a test, empty at its beginning.
    protected abstract FlightStore store();

    /// The store's clock, in milliseconds since 1970.
    protected abstract long now();

    @Test
    void anEmptyStoreHoldsNothing() {
        assertThat(store().find(new RequestId(1, 2))).isNull();
        assertThat(store().newest(10)).isEmpty();
        store().keep(List.of());
        assertThat(store().newest(10)).isEmpty();
    }

    @Test
    void aRecordIsFoundByItsIdWithEverythingInIt() {
        FlightRecord record = record(now(), -7);
        record.kind(FlightRecord.RequestKind.METER);
        record.alias("from-client");
        record.receivedMillis(now());
        record.receivedNanos(1_000);
        record.method("GET");
        record.target("/orders?x=ü");
        record.host("api.example.com");
        record.protocol("HTTP/1.1");
        record.clientAddress("192.0.2.7");
        record.productId("s");
        record.configVersion(118);
        record.applicationNumber(42);
        record.applicationId("a");
        record.credentialName("user_key");
        record.credential("abc…");
        record.decision(FlightRecord.Outcome.DENIED);
        record.decidedBy(FlightRecord.DecidedBy.CACHE_IN_OUTAGE);
        record.meterHost("http://meter.example:3000");
        record.meterStatus(500);
        record.limitMetric("hits");
        record.limitPeriod(Period.HOUR);
        record.limitMax(10);
        record.limitValue(9);
        record.limitAsked(2);
        record.limitEnds(1_800_000_000L);
        record.upstreamHost("up.example");
        record.upstreamAddress("192.0.2.9:80");
        record.connectionId(3);
        record.connectionStream(21);
        record.connectionReused(true);
        record.connectionAgeMillis(4);
        record.connectionIdleMillis(5);
        record.upstreamCloseMillis(6);
        record.poolIdleMillis(7);
        record.upstreamBytesSent(8);
        record.upstreamBytesReceived(9);
        record.upstreamBytesExpected(10);
        record.requestSent(true);
        record.retries(1);
        record.serverName("sni.example");
        record.statusSent(429);
        record.statusReceived(200);
        record.statusWriter(StatusWriter.GATEWAY);
        record.bytesIn(11);
        record.bytesOut(12);
        record.refuse(Reason.values()[3], "9 of 10");
        record.contribute(Reason.values()[5]);
        for (int i = 0; i < FlightRecord.LISTED + 3; i++) {
            record.rule(i * 2);
            record.usage("metric" + i, i);
        }
        record.stamp(Stage.HEAD_READ, 1_500);
        record.stamp(Stage.DONE, 9_000);
        store().keep(List.of(record, record(now(), 8)));

        FlightRecord found = store().find(record.id());
        assertThat(found).usingRecursiveComparison().isEqualTo(record);
        FlightRecord plain = Objects.requireNonNull(store().find(record(now(), 8).id()));
        assertThat(plain).usingRecursiveComparison().isEqualTo(record(now(), 8));
    }

    @Test
    void theNewestComeFirst() {
        FlightRecord first = record(now() - 2, 1);
        FlightRecord second = record(now() - 1, -1);
        FlightRecord third = record(now() - 1, 5);
        FlightRecord fourth = record(now(), 0);
        store().keep(List.of(third, first));
        store().keep(List.of(fourth, second));
        // The lower half of an id is unsigned: −1 is its highest value.
        assertThat(store().newest(3))
                .extracting(FlightRecord::id)
                .containsExactly(fourth.id(), second.id(), third.id());
    }

    @Test
    void keepingARecordTwiceKeepsOne() {
        store().keep(List.of(record(now(), 1)));
        store().keep(List.of(record(now(), 1)));
        assertThat(store().newest(10)).hasSize(1);
    }

    /// A record made at a moment, told apart from others of that moment by `low`.
    protected static FlightRecord record(long millis, long low) {
        FlightRecord record = new FlightRecord();
        record.id(millis << 16, low);
        record.receivedMillis(millis);
        return record;
    }
}
