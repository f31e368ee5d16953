package io.tollkeeper.http;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.tollkeeper.testkit.Eventually;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class DeadlineWheelTest {

    private final DeadlineWheel wheel = new DeadlineWheel();
    private final List<String> fired = new CopyOnWriteArrayList<>();

    private final class Named extends DeadlineWheel.Deadline {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void expired() {
            fired.add(name);
        }
    }

    private static long millis(long n) {
        return TimeUnit.MILLISECONDS.toNanos(n);
    }

    @Test
    void deadlinesFireOnceInTheirTimeUnlessClearedOrMovedAway() {
        long start = System.nanoTime();
        var soon = new Named("soon");
        var cleared = new Named("cleared");
        var moved = new Named("moved");
        var nearer = new Named("nearer");
        var far = new Named("far");
        wheel.set(soon, millis(150));
        wheel.set(cleared, millis(150));
        wheel.set(moved, millis(150));
        wheel.set(nearer, millis(100_000));
        wheel.set(far, millis(3_000_000));
        cleared.clear();
        wheel.set(moved, millis(700));
        wheel.set(nearer, millis(200));
        Eventually.holds("the near ones fired", () -> {
            wheel.advance();
            return fired.size() == 2;
        });
        assertThat(fired).containsExactlyInAnyOrder("soon", "nearer");
        assertThat(System.nanoTime() - start).isGreaterThan(millis(150));
        Eventually.holds("the moved one fired", () -> {
            wheel.advance();
            return fired.contains("moved");
        });
        assertThat(System.nanoTime() - start).isGreaterThan(millis(700));
        assertThat(fired).doesNotHaveDuplicates().hasSize(3);
        assertThat(far.isSet()).isTrue();
        assertThat(soon.isSet()).isFalse();
    }

    @Test
    void manyDeadlinesCanBeSetAgainWhileTheyFire() {
        List<DeadlineWheel.Deadline> again = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            int n = i;
            again.add(new DeadlineWheel.Deadline() {
                private int times;

                @Override
                protected void expired() {
                    fired.add(n + "/" + times);
                    if (++times < 3) {
                        wheel.set(this, millis(100));
                    }
                }
            });
            wheel.set(again.get(i), millis(50 + i % 200));
        }
        Eventually.holds("each fired three times", () -> {
            wheel.advance();
            return fired.size() == 3000;
        });
        assertThat(fired).doesNotHaveDuplicates();
    }

    @Test
    void discardedDeadlinesAreForgottenAtOnceWhereverTheyStand() {
        var first = new Named("first");
        var last = new Named("last");
        wheel.set(first, millis(150));
        var owner = setAndDiscardBetween();
        wheel.set(last, millis(150));
        Eventually.holds("the owner left memory, long before its time", () -> {
            System.gc();
            return owner.refersTo(null);
        });
        Eventually.holds("the others fired", () -> {
            wheel.advance();
            return fired.size() == 2;
        });
        assertThat(fired).containsExactlyInAnyOrder("first", "last");
    }

    /// Apart, so that no local variable keeps the deadline.
    private WeakReference<Named> setAndDiscardBetween() {
        var left = new Named("left");
        wheel.set(left, millis(150));
        wheel.set(new Named("far"), millis(3_000_000));
        left.discard();
        return new WeakReference<>(left);
    }

    @Test
    void whatExpiresMayDiscardAndMoveItsNeighbours() {
        var neighbour = new Named("neighbour");
        var moved = new Named("moved");
        var expiring = new DeadlineWheel.Deadline() {
            @Override
            protected void expired() {
                fired.add("expiring");
                neighbour.discard();
                wheel.set(moved, millis(300));
            }
        };
        var at = System.nanoTime() + millis(150);
        wheel.setAt(neighbour, at);
        wheel.setAt(moved, at);
        wheel.setAt(expiring, at);
        Eventually.holds("both fired", () -> {
            wheel.advance();
            return fired.size() == 2;
        });
        assertThat(fired).containsExactly("expiring", "moved");
    }
}
