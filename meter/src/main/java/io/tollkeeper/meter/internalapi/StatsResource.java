package io.tollkeeper.meter.internalapi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.Product;
import io.tollkeeper.core.query.UsageDeletions;
import org.jspecify.annotations.Nullable;

/// `DELETE /services/{s}/stats`: everything that the service and its applications counted goes. Blocks.
///
/// The answer comes when it is done, but not later than after two seconds: then the rest happens behind it. (The
/// original only marks the service for a job that runs once a day.)
final class StatsResource implements InternalApi.Resource {

    private static final long PATIENCE_SECONDS = 2;

    private final Catalog catalog;
    private final UsageDeletions deletions;
    private final DeletionWorker worker;

    StatsResource(Catalog catalog, UsageDeletions deletions, DeletionWorker worker) {
        this.catalog = catalog;
        this.deletions = deletions;
        this.worker = worker;
    }

    @Override
    public @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request) {
        if (!route.is("DELETE", "services", "*", "stats")) {
            return null;
        }
        Product product = InternalAnswer.required(
                catalog.current().product(route.id(1)), InternalAnswer.notFound("service not found"));
        CompletableFuture<Boolean> done = deletions.ask(product);
        worker.wake();
        await(done);
        return InternalAnswer.word(200, "to_be_deleted");
    }

    private static void await(CompletableFuture<Boolean> done) {
        try {
            done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            // it goes on behind the answer
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
