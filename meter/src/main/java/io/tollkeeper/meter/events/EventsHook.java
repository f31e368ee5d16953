package io.tollkeeper.meter.events;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.tollkeeper.core.event.EventStore;
import io.tollkeeper.core.event.EventStoreException;
import io.tollkeeper.http.metrics.PrometheusText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells a portal that there are events, by `POST secret=…`, as long as there are any: the portal then fetches them over
/// the Internal API and deletes them. Runs on a thread of its own, which blocks freely; no call ever waits for it.
///
/// | | |
/// |---|---|
/// | events, and the last word was at least one interval ago | the portal is told, whether or not there is traffic |
/// | it answers 2xx | told again after an interval if events are still there |
/// | anything else, no answer in time, no connection | told again after 1, 2, 4, 8, then every 16 intervals |
public final class EventsHook implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EventsHook.class);

    private static final String REACHABLE = "; is meter.events.hook.url right and the portal up?";
    private static final int LONGEST_PAUSE = 16;
    private static final Duration LOOK_AT_MOST_EVERY = Duration.ofSeconds(1);

    private final HookSettings settings;
    private final EventStore events;
    private final HttpClient client;
    private final HttpRequest request;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile HookHealth health = HookHealth.SILENT;

    // The thread's own.
    private int pause = 1;

    private EventsHook(HookSettings settings, EventStore events, String version) {
        this.settings = settings;
        this.events = events;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.timeout())
                .build();
        this.request = HttpRequest.newBuilder(settings.url())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("User-Agent", "Tollkeeper/" + version)
                .POST(HttpRequest.BodyPublishers.ofString(
                        "secret=" + URLEncoder.encode(settings.secret(), StandardCharsets.UTF_8)))
                .build();
        this.thread = Thread.ofPlatform().name("events-hook").daemon().unstarted(this::run);
    }

    /// A hook at work. `version` is the program's, for the portal's log.
    public static EventsHook start(HookSettings settings, EventStore events, String version) {
        EventsHook hook = new EventsHook(settings, events, version);
        hook.thread.start();
        return hook;
    }

    /// Any thread.
    public HookHealth health() {
        return health;
    }

    /// Adds its counters to the page of metrics; any thread.
    public void metrics(PrometheusText out) {
        HookHealth now = health;
        out.counter("tollkeeper_events_hook_delivered_total", "How often a portal was told of events", now.delivered());
        out.counter("tollkeeper_events_hook_failed_total", "How often it could not be told", now.failed());
        out.gauge("tollkeeper_events_hook_up", "0 after an attempt that failed", now.fault() == null ? 1 : 0);
    }

    private void run() {
        long look = Math.max(1, Math.min(settings.interval().toMillis() / 10, LOOK_AT_MOST_EVERY.toMillis()));
        long next = System.nanoTime();
        try {
            while (!closing.await(look, TimeUnit.MILLISECONDS)) {
                if (System.nanoTime() - next >= 0 && attempt()) {
                    next = System.nanoTime() + settings.interval().toNanos() * pause;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Tells the portal if there is anything to tell; whether there was.
    private boolean attempt() throws InterruptedException {
        String fault;
        try {
            if (events.isEmpty()) {
                return false;
            }
            fault = tell();
        } catch (EventStoreException e) {
            fault = e.getMessage();
        }
        if (fault == null) {
            succeeded();
        } else {
            failed(fault);
        }
        return true;
    }

    /// Why the portal was not told, none if it was.
    private @Nullable String tell() throws InterruptedException {
        CompletableFuture<HttpResponse<Void>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
        try {
            int status = answer.get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS).statusCode();
            return status / 100 == 2 ? null : "it answered " + status + " (expected: 200)" + advice(status);
        } catch (TimeoutException e) {
            return "no answer within " + settings.timeout().toMillis() + " ms" + REACHABLE;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            return cause instanceof IOException ? noConnection(cause) : "the call failed: " + cause;
        } finally {
            answer.cancel(true);
        }
    }

    private static String noConnection(Throwable cause) {
        String message = cause.getMessage();
        return "no connection or no answer: " + (message == null ? cause.getClass().getSimpleName() : message) + REACHABLE;
    }

    private static String advice(int status) {
        return switch (status) {
            case 401, 403 -> "; is meter.events.hook.secret the one that the portal expects?";
            case 404 -> "; is meter.events.hook.url the portal's path for events?";
            default -> "; the portal's log may say why";
        };
    }

    private void succeeded() {
        if (health.fault() != null) {
            LOG.info("events hook {}: the portal was told again", shown(settings.url()));
        }
        pause = 1;
        health = new HookHealth(health.delivered() + 1, health.failed(), null);
    }

    private void failed(@Nullable String fault) {
        String why = fault == null ? "unknown" : fault;
        Duration wait = settings.interval().multipliedBy(pauseAfterFailure());
        LOG.warn(
                "events hook {} (told again in {} s, events stay until the portal has fetched and deleted them): {}",
                shown(settings.url()),
                wait.toSeconds(),
                why);
        health = new HookHealth(health.delivered(), health.failed() + 1, why);
    }

    /// 1, 2, 4, 8, 16, 16, … intervals.
    private int pauseAfterFailure() {
        pause = health.fault() == null ? 1 : Math.min(pause * 2, LONGEST_PAUSE);
        return pause;
    }

    /// Without what may be secret in it.
    private static String shown(URI url) {
        return url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort())
                + url.getRawPath();
    }

    /// Gives up a call under way and ends the thread.
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        client.shutdownNow();
        client.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
