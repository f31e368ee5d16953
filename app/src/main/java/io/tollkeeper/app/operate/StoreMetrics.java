package io.tollkeeper.app.operate;

import java.util.function.Supplier;

import io.tollkeeper.store.StoreHealth;

/// The store's health in Prometheus' text format. Any thread.
public final class StoreMetrics {
    private final Supplier<StoreHealth> health;

    public StoreMetrics(Supplier<StoreHealth> health) {
        this.health = health;
    }

    public void render(StringBuilder out) {
        var now = health.get();
        var journal = now.journal();
        one(out, "tollkeeper_store_writable", "gauge", "1 while what is counted can be written", journal.writable() ? 1 : 0);
        one(out, "tollkeeper_journal_rows_total", "counter", "Rows committed since start", journal.rows());
        one(out, "tollkeeper_journal_commits_total", "counter", "Commits since start", journal.commits());
        one(out, "tollkeeper_journal_queued_rows", "gauge", "Rows that wait for the next commit", journal.queued());
        one(out, "tollkeeper_journal_held_rows", "gauge", "Rows of the gateway that wait for the disk", journal.held());
        one(out, "tollkeeper_applications_resident", "gauge", "Applications in memory", now.residentApplications());
        one(out, "tollkeeper_applications_dirty", "gauge", "Applications that changed since their last snapshot", now.dirtyApplications());
        one(out, "tollkeeper_flights_lost_total", "counter", "Flight records that could not be kept on disk", now.lostFlights());
    }

    private static void one(StringBuilder out, String name, String type, String says, long value) {
        out.append("# HELP ").append(name).append(' ').append(says).append('\n')
                .append("# TYPE ").append(name).append(' ').append(type).append('\n')
                .append(name).append(' ').append(value).append('\n');
    }
}
