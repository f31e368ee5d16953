package io.tollkeeper.app.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.tollkeeper.app.document.Findings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/// 3scale's file for traces (gateway specification, section 15.4) as settings.
class OpenTelemetryFileTest {

    @TempDir
    private Path folder;

    private final Findings findings = new Findings();

    private Map<String, String> read(String toml) throws IOException {
        var file = Files.writeString(folder.resolve("otel.toml"), toml);
        return OpenTelemetryFile.read(Map.of("OPENTELEMETRY", "1", "OPENTELEMETRY_CONFIG", file.toString()), findings);
    }

    @Test void everyKeyHasItsSetting() throws IOException {
        assertThat(read("""
                exporter = "otlp"
                processor = "batch"
                [exporters.otlp]
                host = "collector.internal" # over HTTP
                port = 4318
                [processors.batch]
                max_queue_size = 100
                schedule_delay_millis = 250
                max_export_batch_size = 64
                [service]
                name = 'shop'
                [sampler]
                name = "TraceIdRatioBased"
                ratio = 0.1
                parent_based = true
                """)).containsOnly(
                Map.entry("tracing.endpoint", "http://collector.internal:4318/v1/traces"), Map.entry("tracing.service-name", "shop"),
                Map.entry("tracing.queue", "100"), Map.entry("tracing.delay", "250ms"), Map.entry("tracing.batch", "64"),
                Map.entry("tracing.ratio", "0.1"), Map.entry("tracing.parent-based", "true"));
        assertThat(findings.sorted()).isEmpty();
    }

    @Test void whatIsDifferentHereIsTold() throws IOException {
        assertThat(read("""
                processor = "simple"
                what is this
                [exporters.otlp]
                port = 4317
                [sampler]
                name = "Sometimes"
                """)).containsEntry("tracing.endpoint", "http://localhost:4318/v1/traces").containsEntry("tracing.delay", "200ms");
        assertThat(findings.sorted()).extracting(finding -> finding.text()).hasSize(3)
                .anyMatch(text -> text.contains("in place of 4317")).anyMatch(text -> text.contains("Sometimes")).anyMatch(text -> text.contains("OPENTELEMETRY_CONFIG:2"));
    }

    @Test void withoutTheSwitchNothingIsRead() {
        assertThat(OpenTelemetryFile.read(Map.of("OPENTELEMETRY_CONFIG", "/nowhere"), findings)).isEmpty();
        assertThat(OpenTelemetryFile.read(Map.of("OPENTELEMETRY", "1", "OPENTELEMETRY_CONFIG", "/nowhere"), findings)).isEmpty();
        assertThat(findings.sorted()).singleElement().satisfies(finding -> assertThat(finding.text()).contains("cannot be read"));
    }
}
