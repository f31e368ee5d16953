package io.tollkeeper.app.operate;

import java.util.function.Supplier;

import io.tollkeeper.http.metrics.PrometheusText;
import io.tollkeeper.store.StoreHealth;

/// The store's health in Prometheus' text format. Any thread.
public final class StoreMetrics {
    private final Supplier<StoreHealth> health;

    public StoreMetrics(Supplier<StoreHealth> health) {
        this.health = health;
    }

    public void render(PrometheusText out) {
        var now = health.get();
        var journal = now.journal();
        out.gauge("tollkeeper_store_writable", "1 while what is counted can be written", journal.writable() ? 1 : 0);
        out.counter("tollkeeper_journal_rows_total", "Rows committed since start", journal.rows());
        out.counter("tollkeeper_journal_commits_total", "Commits since start", journal.commits());
        out.gauge("tollkeeper_journal_queued_rows", "Rows that wait for the next commit", journal.queued());
        out.gauge("tollkeeper_journal_held_rows", "Rows of the gateway that wait for the disk", journal.held());
        out.counter("tollkeeper_snapshots_total", "Snapshots of usage since start", now.snapshots());
        out.gauge("tollkeeper_applications_resident", "Applications in memory", now.residentApplications());
        out.gauge("tollkeeper_applications_resident_bytes", "Heap that applications in memory take, about", now.residentBytes());
        out.gauge("tollkeeper_applications_dirty", "Applications that changed since their last snapshot", now.dirtyApplications());
        out.counter("tollkeeper_flights_lost_total", "Flight records that could not be kept on disk", now.lostFlights());
        out.counter("tollkeeper_integration_errors_lost_total", "Integration errors that came faster than they could be written, or could not be", now.lostErrors());
    }
}
