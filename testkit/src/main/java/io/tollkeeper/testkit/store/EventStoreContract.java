package io.tollkeeper.testkit.store;

import java.util.List;
import java.util.stream.LongStream;

import io.tollkeeper.core.event.Event;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.Notice;
import io.tollkeeper.core.event.NoticeState;
import io.tollkeeper.core.event.StoredEvent;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What every [EventStore] does. A subclass gives an empty store per test, and the way in which events come into it.
public abstract class EventStoreContract {

    private static final long NOON = 1_795_176_000L;

    /// The store under test; the same one for the whole of a test, empty at its beginning.
    protected abstract EventStore store();

    /// Commits a journal row that caused these.
    protected abstract void commit(List<Notice> notices);

    @Test
    void anEmptyStoreHoldsNothing() {
        assertThat(store().isEmpty()).isTrue();
        assertThat(store().oldest(10)).isEmpty();
        assertThat(store().delete(1)).isFalse();
        assertThat(store().deleteUpTo(Long.MAX_VALUE)).isZero();
    }

    @Test
    void eventsComeBackAsTheyWereOldestFirst() {
        var first = new Event.FirstTraffic("s", "a", NOON);
        var daily = new Event.FirstDailyTraffic("s", "a", NOON);
        var half = new Event.Alert("s", "a", NOON + 1, 50, 0.6, "hits per day: 6/10");
        var full = new Event.Alert("s ", "ä/\"", NOON + 2, 300, 1e9, "hits per day: 10000000000/10");
        commit(List.of(notice(first), notice(daily)));
        commit(List.of(notice(half), notice(full)));
        assertThat(store().oldest(10))
                .containsExactly(
                        new StoredEvent(1, 0, first), new StoredEvent(2, 0, daily),
                        new StoredEvent(3, 1, half), new StoredEvent(4, 2, full));
        assertThat(store().oldest(2)).extracting(StoredEvent::id).containsExactly(1L, 2L);
        assertThat(store().isEmpty()).isFalse();
    }

    @Test
    void idsAreNeverGivenAgain() {
        commit(List.of(alert(), alert()));
        assertThat(store().deleteUpTo(2)).isEqualTo(2);
        assertThat(store().isEmpty()).isTrue();
        commit(List.of(alert()));
        assertThat(store().oldest(10)).extracting(StoredEvent::id).containsExactly(3L);
        assertThat(store().oldest(10)).extracting(StoredEvent::alertId).containsExactly(3L);
    }

    @Test
    void deletingUpToAnIdLeavesThoseAboveIt() {
        commit(LongStream.range(0, 1_700).mapToObj(_ -> alert()).toList());
        assertThat(store().deleteUpTo(0)).isZero();
        assertThat(store().deleteUpTo(-1)).isZero();
        assertThat(store().deleteUpTo(1_500)).isEqualTo(1_500);
        assertThat(store().deleteUpTo(1_500)).isZero();
        assertThat(store().oldest(1)).extracting(StoredEvent::id).containsExactly(1_501L);
        assertThat(store().deleteUpTo(Long.MAX_VALUE)).isEqualTo(200);
    }

    @Test
    void oneEventCanBeDeletedOnce() {
        commit(List.of(alert(), alert(), alert()));
        assertThat(store().delete(2)).isTrue();
        assertThat(store().delete(2)).isFalse();
        assertThat(store().delete(4)).isFalse();
        assertThat(store().oldest(10)).extracting(StoredEvent::id).containsExactly(1L, 3L);
    }

    private static Notice alert() {
        return notice(new Event.Alert("s", "a", NOON, 50, 0.5, "hits per day: 5/10"));
    }

    private static Notice notice(Event event) {
        return new Notice(1, event, NoticeState.NEVER);
    }
}
