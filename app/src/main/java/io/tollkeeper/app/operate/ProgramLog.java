package io.tollkeeper.app.operate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import io.tollkeeper.app.settings.Settings;
import org.slf4j.LoggerFactory;

/// The program's own log as the settings want it. Before they are read it goes to standard error, from `info` on. Called
/// once, by the thread that starts the program.
public final class ProgramLog {
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX, UTC} %-5level %logger{0} [%thread] %msg%n%rEx{short}";

    private ProgramLog() {}

    /// @throws IOException when the file cannot be written; the message names the setting
    public static void apply(Settings.Log settings) throws IOException {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return; // embedded into a program with a log of its own
        }
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(switch (settings.level()) {
            case DEBUG -> Level.DEBUG;
            case INFO -> Level.INFO;
            case WARN -> Level.WARN;
            case ERROR -> Level.ERROR;
        });
        if (!settings.file().equals("stderr")) {
            toFile(context, root, Path.of(settings.file()));
        }
    }

    private static void toFile(LoggerContext context, Logger root, Path file) throws IOException {
        var folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.exists(file) && !Files.isWritable(file)) {
            throw new IOException("log.file: " + file.toAbsolutePath() + " cannot be written (expected: stderr, or a file in a folder that exists)");
        }
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        var appender = new FileAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.setFile(file.toString());
        appender.start();
        root.addAppender(appender);
        root.detachAppender("STDERR");
    }
}
