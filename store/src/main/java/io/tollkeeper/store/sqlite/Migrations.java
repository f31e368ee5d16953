package io.tollkeeper.store.sqlite;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/// The migrations of one file: the SQL files in the package `io.tollkeeper.store.<name>`, applied by Flyway. Blocks.
///
/// A file that has them all says so in its `user_version` (a checksum of the SQL files), and Flyway is not asked then:
/// to start it takes a third of a second of CPU in a fresh JVM, which every start of the program would pay.
final class Migrations {

    private final String packagePath;
    private final List<String> scripts;

    private Migrations(String packagePath, List<String> scripts) {
        this.packagePath = packagePath;
        this.scripts = scripts;
    }

    static Migrations of(String name) {
        String path = "io/tollkeeper/store/" + name + "/";
        try {
            return new Migrations(path, List.copyOf(scripts(path)));
        } catch (IOException | URISyntaxException e) {
            throw new StoreFileException("the program is incomplete: its SQL files below " + path + " cannot be read", e);
        }
    }

    /// Names of the SQL files, in order, wherever this class was loaded from.
    private static NavigableSet<String> scripts(String path) throws IOException, URISyntaxException {
        NavigableSet<String> names = new TreeSet<>();
        Path home = Path.of(Migrations.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (Files.isDirectory(home)) {
            try (Stream<Path> files = Files.list(home.resolve(path))) {
                files.map(file -> file.getFileName().toString()).filter(Migrations::isScript).forEach(names::add);
            }
        } else {
            try (JarFile jar = new JarFile(home.toFile())) {
                jar.stream()
                        .map(entry -> entry.getName())
                        .filter(entry -> entry.startsWith(path) && isScript(entry))
                        .forEach(entry -> names.add(entry.substring(path.length())));
            }
        }
        return names;
    }

    private static boolean isScript(String name) {
        return name.endsWith(".sql");
    }

    /// Whether the file has exactly these migrations, as far as it says so itself.
    boolean areIn(Connection connection) throws SQLException {
        if (!Database.pragma(connection, "user_version").equals(Integer.toString(checksum()))) {
            return false;
        }
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT count(*), coalesce(min(success), 0) FROM flyway_schema_history WHERE version IS NOT NULL")) {
            return row.next() && row.getInt(1) == scripts.size() && row.getInt(2) == 1;
        }
    }

    /// Applies what is missing. What does not fit together is a [FlywayException].
    void apply(String url, SQLiteConfig config) throws SQLException {
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl(url);
        Flyway.configure()
                .dataSource(source)
                .locations("classpath:" + packagePath)
                // A file written by a newer version is refused, not guessed at.
                .ignoreMigrationPatterns(new String[0])
                .failOnMissingLocations(true)
                .load()
                .migrate();
        try (Connection connection = config.createConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version=" + checksum());
        }
    }

    private int checksum() {
        CRC32C checksum = new CRC32C();
        for (String script : scripts) {
            checksum.update(script.getBytes(StandardCharsets.UTF_8));
            try (InputStream in = Objects.requireNonNull(
                    Migrations.class.getResourceAsStream("/" + packagePath + script), script)) {
                checksum.update(in.readAllBytes());
            } catch (IOException e) {
                throw new StoreFileException("the program is incomplete: " + packagePath + script + " cannot be read", e);
            }
        }
        return (int) checksum.getValue();
    }
}
