package io.tollkeeper.meter.internalapi;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

import io.tollkeeper.core.authorize.CatalogWriter;
import io.tollkeeper.core.catalog.Catalog;
import io.tollkeeper.core.catalog.CatalogStore;
import io.tollkeeper.core.catalog.CatalogStoreException;
import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.core.integration.IntegrationErrors;
import io.tollkeeper.core.integration.IntegrationErrorsException;
import io.tollkeeper.core.query.LocalUsage;
import io.tollkeeper.core.query.UsageDeletions;
import io.tollkeeper.core.usage.UsageStoreException;
import io.tollkeeper.meter.internalapi.InternalAnswer.Refusal;
import io.tollkeeper.meter.params.MediaType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the Internal API (specification, section 19). [#authenticate] and [#handle] are called on event loops and
/// never block; the work is done on a virtual thread per request, which may.
///
/// A change is effective for every call that begins after its answer: [CatalogWriter] returns only then.
public final class InternalApi implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(InternalApi.class);

    /// The level of the original that clients may expect.
    public static final String COMPATIBLE_WITH = "3.4.3";

    /// Requests that may be under way at once; each holds at most one body of 4 MiB, within the listener's budget.
    private static final int UNDER_WAY = 256;

    /// One kind of resource.
    interface Resource {
        /// The answer, or none if the route is not of this resource.
        @Nullable InternalAnswer answer(InternalRoute route, InternalRequest request);
    }

    private final Credentials credentials;
    private final List<Resource> resources;
    private final DeletionWorker deletionWorker;
    private final Semaphore underWay = new Semaphore(UNDER_WAY);
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("internal-api-", 0).factory());

    public InternalApi(
            Credentials credentials,
            Catalog catalog,
            CatalogWriter writer,
            CatalogStore store,
            LocalUsage usage,
            IntegrationErrors errors,
            EventStore events,
            UsageDeletions deletions) {
        this.credentials = credentials;
        this.deletionWorker = new DeletionWorker(deletions);
        this.resources = List.of(
                new HealthResource(COMPATIBLE_WITH),
                new ServicesResource(catalog, writer),
                new ServiceTokensResource(catalog, writer),
                new UserKeysResource(store, writer),
                new ApplicationsResource(store, writer),
                new ApplicationKeysResource(store, writer),
                new ReferrerFiltersResource(store, writer),
                new MetricsResource(catalog, writer),
                new UsageLimitsResource(catalog, writer),
                new AlertLimitsResource(catalog, writer),
                new CountersResource(catalog, store, usage),
                new UsageResource(catalog, store, usage),
                new StatsResource(catalog, deletions, deletionWorker),
                new UtilizationResource(catalog, store, usage),
                new ErrorsResource(catalog, errors),
                new EventsResource(events, usage));
    }

    /// What to answer to a caller without the right `Authorization` header; none if it is right.
    public @Nullable InternalAnswer authenticate(@Nullable String authorization) {
        return credentials.check(authorization);
    }

    /// Answers a request of an authenticated caller. `then` is called once, from any thread.
    public void handle(InternalRequest request, Consumer<InternalAnswer> then) {
        if (!underWay.tryAcquire()) {
            then.accept(InternalAnswer.overloaded());
            return;
        }
        threads.execute(() -> {
            InternalAnswer answer;
            try {
                answer = answer(request);
            } finally {
                underWay.release();
            }
            then.accept(answer);
        });
    }

    private InternalAnswer answer(InternalRequest request) {
        try {
            InternalRoute route = InternalRoute.of(request);
            refuseForm(request);
            for (Resource resource : resources) {
                InternalAnswer answer = resource.answer(route, request);
                if (answer != null) {
                    return answer;
                }
            }
            return InternalAnswer.unknownRoute();
        } catch (Refusal refusal) {
            return refusal.answer();
        } catch (CatalogStoreException
                | UsageStoreException
                | IntegrationErrorsException
                | EventStoreException e) {
            LOG.error("internal API: {} {}: {}", request.method(), request.path(), e.getMessage(), e);
            return InternalAnswer.error(503, "error", "the store cannot be used at the moment, nothing was changed");
        } catch (RuntimeException e) {
            LOG.error("internal API: {} {} fails", request.method(), request.path(), e);
            return InternalAnswer.error(500, "error", "this is a defect of the meter, see its log");
        }
    }

    /// A body is read as JSON whatever it is said to be, except as a form: whoever sends one did not mean JSON.
    private static void refuseForm(InternalRequest request) {
        MediaType type = MediaType.of(request.contentType());
        if (request.body().length > 0 && type.isForm()) {
            throw new Refusal(InternalAnswer.badRequest(
                    "the body is sent as " + type.name() + " (expected: JSON, content-type application/json)"));
        }
    }

    /// Waits for requests under way.
    @Override
    public void close() {
        deletionWorker.close();
        threads.close();
    }
}
