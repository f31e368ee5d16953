package io.tollkeeper.app.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import io.tollkeeper.app.document.Findings;
import org.jspecify.annotations.Nullable;

/// 3scale's switch for traces (`OPENTELEMETRY`, not empty) and its file (`OPENTELEMETRY_CONFIG`, TOML) as settings of ours
/// (gateway specification, section 15.4). Reads a file; otherwise pure.
final class OpenTelemetryFile {

    private static final String SWITCH = "OPENTELEMETRY";
    private static final String FILE = "OPENTELEMETRY_CONFIG";
    private static final Pattern SECTION = Pattern.compile("\\[([A-Za-z0-9_.-]+)]");
    private static final Pattern ENTRY = Pattern.compile("([A-Za-z0-9_-]+)\\s*=\\s*(\"[^\"]*\"|'[^']*'|[^\\s#]+)\\s*(#.*)?");
    /// OTLP over gRPC, which we do not speak, and over HTTP, which every collector offers beside it.
    private static final String GRPC_PORT = "4317";
    private static final String HTTP_PORT = "4318";

    private OpenTelemetryFile() {}

    /// Keys of our settings with their values; empty without the switch.
    static Map<String, String> read(Map<String, String> environment, Findings findings) {
        if (environment.getOrDefault(SWITCH, "").isEmpty()) {
            return Map.of();
        }
        var file = environment.getOrDefault(FILE, "");
        var given = file.isEmpty() ? Map.<String, String>of() : parse(file, findings);
        return given == null ? Map.of() : settings(given, findings);
    }

    private static Map<String, String> settings(Map<String, String> given, Findings findings) {
        var settings = new LinkedHashMap<String, String>();
        var exporter = given.getOrDefault("exporter", "otlp");
        if (!exporter.equals("otlp")) {
            findings.warn(FILE, 0, "exporter", exporter + " is not known (expected: otlp): there are no traces");
            return Map.of();
        }
        var port = given.getOrDefault("exporters.otlp.port", GRPC_PORT);
        if (port.equals(GRPC_PORT)) {
            findings.warn(FILE, 0, "exporters.otlp.port", "traces go to port " + HTTP_PORT
                    + " (OTLP over HTTP) in place of 4317 (over gRPC); setting tracing.endpoint names another");
            port = HTTP_PORT;
        }
        settings.put("tracing.endpoint", "http://" + given.getOrDefault("exporters.otlp.host", "localhost") + ":" + port + "/v1/traces");
        settings.put("tracing.service-name", given.getOrDefault("service.name", "apicast"));
        if (given.getOrDefault("processor", "batch").equals("simple")) {
            settings.put("tracing.delay", "200ms"); // one by one would cost a request each; this is as prompt as anybody can see
        } else if (given.containsKey("processors.batch.schedule_delay_millis")) {
            settings.put("tracing.delay", given.get("processors.batch.schedule_delay_millis") + "ms");
        }
        copy(given, "processors.batch.max_queue_size", settings, "tracing.queue");
        copy(given, "processors.batch.max_export_batch_size", settings, "tracing.batch");
        switch (given.getOrDefault("sampler.name", "AlwaysOn")) {
            case "AlwaysOn" -> settings.put("tracing.ratio", "1");
            case "AlwaysOff" -> settings.put("tracing.ratio", "0");
            case "TraceIdRatioBased" -> settings.put("tracing.ratio", given.getOrDefault("sampler.ratio", "1"));
            default -> findings.warn(FILE, 0, "sampler.name", given.get("sampler.name")
                    + " is not known (expected: AlwaysOn, AlwaysOff or TraceIdRatioBased): all calls are traced");
        }
        settings.put("tracing.parent-based", given.getOrDefault("sampler.parent_based", "false"));
        return settings;
    }

    private static void copy(Map<String, String> given, String from, Map<String, String> settings, String to) {
        var value = given.get(from);
        if (value != null) {
            settings.put(to, value);
        }
    }

    /// The part of TOML that such files use: sections, and a text, number or truth value per line.
    private static @Nullable Map<String, String> parse(String file, Findings findings) {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of(file));
        } catch (IOException | InvalidPathException e) {
            findings.warn(FILE, 0, "", file + " cannot be read (" + e.getMessage() + "): there are no traces");
            return null;
        }
        var values = new LinkedHashMap<String, String>();
        var prefix = "";
        for (int i = 0; i < lines.size(); i++) {
            var line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            var section = SECTION.matcher(line);
            var entry = ENTRY.matcher(line);
            if (section.lookingAt()) {
                prefix = section.group(1) + ".";
            } else if (entry.matches()) {
                var value = entry.group(2);
                values.put(prefix + entry.group(1), value.startsWith("\"") || value.startsWith("'") ? value.substring(1, value.length() - 1) : value);
            } else {
                findings.warn(FILE, i + 1, "", "is neither a [section] nor key = value: this line is left out");
            }
        }
        return values;
    }
}
