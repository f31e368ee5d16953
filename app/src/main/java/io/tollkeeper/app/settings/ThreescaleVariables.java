package io.tollkeeper.app.settings;

import java.util.Collection;
import java.util.List;
import java.util.Map;

import io.tollkeeper.app.document.Findings;
import org.jspecify.annotations.Nullable;

/// Variables that a running 3scale installation sets: here those of listener, worker and cron, in [GatewayVariables] those
/// of the gateway. Those that mean something here are
/// aliases of settings ([Setting#alias]); of every other one the reader is told that and why it has no effect. None is
/// silently ignored. Pure computation.
final class ThreescaleVariables {

    /// Variables without a counterpart.
    ///
    /// @param name   of the variable; one that ends with `*` stands for all that begin so
    /// @param reason completes the sentence "has no effect here: …"
    record WithoutEffect(String name, String reason) {

        boolean covers(String variable) {
            return name.endsWith("*") ? variable.startsWith(name.substring(0, name.length() - 1)) : variable.equals(name);
        }
    }

    private static final String EMBEDDED = "the store is embedded (setting `data`), no Redis is used";
    private static final String NO_QUEUE = "usage is counted before the answer, there is no job queue";
    private static final String ONE_PROCESS = "one process serves all processors (setting `event-loops`)";
    private static final String NO_WORKER = "there is no separate worker: what it did happens in this process";
    private static final String METRICS = "metrics are always on, where `metrics.listen` says";

    /// The first that covers a variable counts.
    static final List<WithoutEffect> WITHOUT_EFFECT = List.of(
            new WithoutEffect("CONFIG_REDIS_ASYNC", "event loops serve all connections, there is nothing to choose"),
            new WithoutEffect("CONFIG_REDIS_*", EMBEDDED),
            new WithoutEffect("CONFIG_QUEUES_*", NO_QUEUE + ", and no Redis is used"),
            new WithoutEffect("CONFIG_NOTIFICATION_BATCH", "traffic of the provider is summed in memory and counted every second, not collected in batches"),
            new WithoutEffect("CONFIG_ASYNC_WORKER_*", NO_WORKER),
            new WithoutEffect("CONFIG_WORKER_PROMETHEUS_METRICS_*", METRICS),
            new WithoutEffect("CONFIG_LISTENER_PROMETHEUS_METRICS_*", METRICS),
            new WithoutEffect("CONFIG_WORKERS_LOG_FILE", NO_WORKER),
            new WithoutEffect("CONFIG_WORKERS_LOGGER_FORMATTER", NO_WORKER),
            new WithoutEffect("CONFIG_REQUEST_LOGGERS", "the access log is one JSON line per call, where `access-log` says"),
            new WithoutEffect("CONFIG_LOG_PATH", "the program logs to standard error, calls where `access-log` says"),
            new WithoutEffect("CONFIG_HOPTOAD_API_KEY", "no errors are sent to a tracker: look at the log"),
            new WithoutEffect("CONFIG_OPENTELEMETRY_*", "traces are made of calls through the gateway only (setting `tracing.endpoint`)"),
            new WithoutEffect("CONFIG_CAN_CREATE_EVENT_BUCKETS", "the usage of every period can be asked for, no event buckets are kept"),
            new WithoutEffect("LISTENER_WORKERS", ONE_PROCESS),
            new WithoutEffect("PUMA_WORKERS", ONE_PROCESS),
            new WithoutEffect("RESCHEDULE_JOBS_FREQ", NO_QUEUE),
            new WithoutEffect("CONFIG_*", "Tollkeeper knows no such variable (docs/settings.md lists 3scale's)"));

    private ThreescaleVariables() {}

    /// Tells of every variable that has no effect in a process of this role.
    ///
    /// @param keys all settings
    static void tell(Role role, Map<String, String> environment, Collection<Keys.Key> keys, Findings findings) {
        environment.keySet().stream().sorted().forEach(variable -> {
            var meant = keys.stream().filter(key -> key.aliases().contains(variable)).toList();
            if (meant.isEmpty() && !SettingsReader.PINNED.matcher(variable).matches()) {
                var without = of(role, variable);
                if (without != null) {
                    findings.warn(variable, 0, "", "has no effect here: " + without.reason());
                }
            } else if (isThreescales(variable) && (meant.isEmpty() ? !role.hasGateway() : meant.stream().noneMatch(key -> role.reads(key.name())))) {
                findings.warn(variable, 0, "", "has no effect here: " + elsewhere(role));
            }
        });
    }

    private static String elsewhere(Role role) {
        return role == Role.METER ? "tollkeeper meter has no gateway" : "tollkeeper gateway has no meter of its own";
    }

    /// Others are the environment's, for all programs.
    private static boolean isThreescales(String variable) {
        return variable.startsWith("APICAST_") || variable.startsWith("THREESCALE_") || variable.startsWith("CONFIG_") || variable.startsWith("BACKEND_");
    }

    private static @Nullable WithoutEffect of(Role role, String variable) {
        if (role != Role.GATEWAY) {
            var found = first(WITHOUT_EFFECT, variable);
            if (found != null) {
                return found;
            }
        } else if (variable.startsWith("CONFIG_")) {
            return new WithoutEffect(variable, elsewhere(role));
        }
        var found = first(GatewayVariables.WITHOUT_EFFECT, variable);
        return found == null || role != Role.METER ? found : isThreescales(variable) ? new WithoutEffect(variable, elsewhere(role)) : null;
    }

    private static @Nullable WithoutEffect first(List<WithoutEffect> all, String variable) {
        for (var without : all) {
            if (without.covers(variable)) {
                return without;
            }
        }
        return null;
    }
}
