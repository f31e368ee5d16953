package io.tollkeeper.core.flight;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tollkeeper.core.reason.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FlightRingTest {

    private static final long SECOND = 1_000_000_000L;

    private final FlightRecord record = new FlightRecord();

    @Test
    void successesAreKeptUpToTheirRateAndThenAsASample() {
        FlightRing ring = new FlightRing(1024, new FlightQuota(5, 50, 10));
        assertThat(offer(ring, 150, null, 1, 0)).isEqualTo(50 + 10);
        assertThat(offer(ring, 150, null, 1, SECOND)).isEqualTo(50 + 10);
    }

    @Test
    void failuresAreKeptWithinAQuotaPerProductApplicationAndReason() {
        FlightRing ring = new FlightRing(1024, new FlightQuota(5, 50, 10));
        assertThat(offer(ring, 100, Reason.LIMIT, 1, 0)).isEqualTo(5);
        assertThat(offer(ring, 100, Reason.LIMIT, 2, 0)).isEqualTo(5);
        assertThat(offer(ring, 100, Reason.UPSTREAM_REFUSED, 1, 0)).isEqualTo(5);
        assertThat(offer(ring, 100, Reason.LIMIT, 1, SECOND)).isEqualTo(5);
    }

    @Test
    void aKeptRecordIsFoundByItsIdAndTheOldestMakeRoom() {
        FlightRing ring = new FlightRing(4, new FlightQuota(100, 100, 1));
        for (int i = 1; i <= 6; i++) {
            record.reset();
            record.id(9, i);
            record.statusSent(200 + i);
            assertThat(ring.offer(record, 0)).isTrue();
        }
        assertThat(ring.find(9, 2)).isNull();
        FlightRecord found = ring.find(9, 5);
        assertThat(found).isNotNull();
        assertThat(found.statusSent()).isEqualTo(205);
        assertThat(ring.newest(3)).extracting(FlightRecord::statusSent).containsExactly(206, 205, 204);
        assertThat(ring.newest(100)).hasSize(4);
    }

    @Test
    void theSpillSeesEachRecordOnce() {
        FlightRing ring = new FlightRing(8, new FlightQuota(100, 100, 1));
        List<FlightRecord> spilled = new ArrayList<>();
        long position = 0;
        for (int i = 1; i <= 30; i++) {
            record.id(9, i);
            ring.offer(record, 0);
            if (i % 5 == 0) {
                position = ring.since(position, spilled);
            }
        }
        assertThat(spilled).extracting(FlightRecord::idLow).containsExactlyElementsOf(range(1, 30));
        assertThat(ring.since(position, spilled)).isEqualTo(position);
        for (int i = 31; i <= 60; i++) {
            record.id(9, i);
            ring.offer(record, 0);
        }
        spilled.clear();
        ring.since(position, spilled);
        assertThat(spilled).extracting(FlightRecord::idLow).containsExactlyElementsOf(range(53, 60));
    }

    @Test
    void readersOnOtherThreadsNeverSeeAHalfWrittenRecord() throws Exception {
        FlightRing ring = new FlightRing(16, new FlightQuota(Integer.MAX_VALUE, Integer.MAX_VALUE, 1));
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<?> reader = executor.submit(() -> {
                while (!done.get()) {
                    for (FlightRecord seen : ring.newest(16)) {
                        assertThat(seen.bytesIn()).isEqualTo(seen.idLow());
                        assertThat(seen.bytesOut()).isEqualTo(seen.idLow());
                    }
                }
            });
            for (int i = 1; i <= 200_000; i++) {
                record.reset();
                record.id(1, i);
                record.bytesIn(i);
                record.bytesOut(i);
                ring.offer(record, 0);
            }
            done.set(true);
            reader.get();
        }
    }

    private int offer(FlightRing ring, int times, @Nullable Reason reason, long application, long nanos) {
        int kept = 0;
        for (int i = 0; i < times; i++) {
            record.reset();
            record.productId("7301");
            record.applicationNumber(application);
            record.reason(reason);
            kept += ring.offer(record, nanos) ? 1 : 0;
        }
        return kept;
    }

    private static List<Long> range(long from, long to) {
        List<Long> numbers = new ArrayList<>();
        for (long i = from; i <= to; i++) {
            numbers.add(i);
        }
        return numbers;
    }
}
