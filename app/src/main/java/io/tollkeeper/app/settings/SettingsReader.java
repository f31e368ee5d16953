package io.tollkeeper.app.settings;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.tollkeeper.app.document.Document;
import io.tollkeeper.app.document.Findings;
import io.tollkeeper.app.document.Node;
import io.tollkeeper.core.verdict.Nearest;
import org.jspecify.annotations.Nullable;

/// Puts [Settings] together: defaults, over them the file, over that the environment, over that `--set`. Pure
/// computation but for the checks that look whether a named file can be read.
public final class SettingsReader {

    /// Variables with our prefix that are not settings: the launcher's and the place of the file itself.
    private static final Set<String> NOT_SETTINGS = Set.of("TOLLKEEPER_CONFIG", "TOLLKEEPER_JAVA", "TOLLKEEPER_JVM_OPTIONS", "TOLLKEEPER_AOT");

    static final Pattern PINNED = Pattern.compile("APICAST_SERVICE_(.+)_CONFIGURATION_VERSION");

    private final Map<String, Keys.Key> keys = new LinkedHashMap<>();
    private final Set<String> sections = new HashSet<>();
    private final Map<String, Given> given = new HashMap<>();
    private final Role role;
    private final Findings findings;

    private SettingsReader(Role role, Findings findings) {
        this.role = role;
        this.findings = findings;
        for (var key : Keys.ALL) {
            keys.put(key.name(), key);
            for (int dot = key.name().indexOf('.'); dot > 0; dot = key.name().indexOf('.', dot + 1)) {
                sections.add(key.name().substring(0, dot));
            }
        }
    }

    /// Reads all sources; every mistake goes to `findings`, and the value it concerns keeps its default.
    ///
    /// @param file        null when there is none
    /// @param elsewhere   top-level keys of the file that somebody else reads (`products`)
    /// @param environment all variables of the process
    /// @param overrides   the arguments of `--set`, each `key=value`
    public static Settings read(
            @Nullable Document file,
            Set<String> elsewhere,
            Map<String, String> environment,
            List<String> overrides,
            Findings findings) {
        return read(Role.ALL, file, elsewhere, environment, overrides, findings);
    }

    /// As above, for a process of this role: 3scale's variables for the other's parts are told, and not taken.
    public static Settings read(
            Role role,
            @Nullable Document file,
            Set<String> elsewhere,
            Map<String, String> environment,
            List<String> overrides,
            Findings findings) {
        var reader = new SettingsReader(role, findings);
        if (file != null && file.root() != null) {
            reader.takeFile(file.source(), file.root(), elsewhere);
        }
        reader.takeEnvironment(environment);
        reader.takeOverrides(overrides);
        return (Settings) reader.build(Settings.class, "");
    }

    private void takeFile(String source, Node root, Set<String> elsewhere) {
        if (!(root instanceof Node.Fields top)) {
            if (root instanceof Node.Nothing) {
                return;
            }
            findings.add(source, root.line(), "", "starts with " + root.kind() + " (expected: keys such as gateway, upstream, products)");
            return;
        }
        takeFields(source, top, "", elsewhere);
    }

    private void takeFields(String source, Node.Fields fields, String prefix, Set<String> elsewhere) {
        for (var field : fields.fields()) {
            var name = prefix + field.key();
            if (prefix.isEmpty() && elsewhere.contains(field.key())) {
                continue;
            }
            if (keys.containsKey(name)) {
                switch (field.value()) {
                    case Node.Text text -> given.put(name, new Given(text.value(), source, field.line()));
                    case Node.Nothing _ -> { /* as if it were not there: the default applies */ }
                    case Node.Fields _, Node.Items _ -> findings.add(source, field.line(), name,
                            "is " + field.value().kind() + " (expected: " + keys.get(name).type().expected() + ")");
                }
            } else if (sections.contains(name)) {
                switch (field.value()) {
                    case Node.Fields inner -> takeFields(source, inner, name + ".", elsewhere);
                    case Node.Nothing _ -> { /* an empty section */ }
                    case Node.Text _, Node.Items _ -> findings.add(source, field.line(), name,
                            "is " + field.value().kind() + " (expected: " + String.join(", ", below(name + ".")) + ")");
                }
            } else {
                findings.add(source, field.line(), name, "unknown key" + hint(prefix, field.key(), elsewhere));
            }
        }
    }

    /// First a neighbour of nearly that name, else the same name in another section.
    private String hint(String prefix, String key, Set<String> elsewhere) {
        var neighbours = below(prefix);
        if (prefix.isEmpty()) {
            neighbours = new HashSet<>(neighbours);
            neighbours.addAll(elsewhere);
        }
        var nearest = Nearest.to(key, neighbours);
        if (nearest != null) {
            return " (did you mean " + nearest + "?)";
        }
        for (var full : keys.keySet()) {
            if (full.endsWith("." + key)) {
                return " (did you mean " + full + "?)";
            }
        }
        return Nearest.hint(key, new java.util.TreeSet<>(neighbours));
    }

    /// The words that may follow `prefix`.
    private Set<String> below(String prefix) {
        return keys.keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .map(rest -> rest.indexOf('.') < 0 ? rest : rest.substring(0, rest.indexOf('.')))
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }

    private void takeEnvironment(Map<String, String> environment) {
        var byVariable = keys.values().stream().collect(Collectors.toMap(Keys.Key::variable, key -> key));
        for (var key : keys.values()) {
            if (role.reads(key.name())) {
                takeAlias(key, environment);
            }
        }
        takePinnedVersions(environment);
        if (role.hasGateway()) {
            OpenTelemetryFile.read(environment, findings).forEach((key, value) -> given.put(key, new Given(value, "OPENTELEMETRY_CONFIG", 0)));
        }
        ThreescaleVariables.tell(role, environment, keys.values(), findings);
        environment.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(entry -> {
            var variable = entry.getKey();
            if (!variable.startsWith("TOLLKEEPER_") || NOT_SETTINGS.contains(variable)) {
                return;
            }
            var key = byVariable.get(variable);
            if (key != null) {
                given.put(key.name(), new Given(entry.getValue(), variable, 0));
            } else {
                var nearest = Nearest.to(variable, byVariable.keySet());
                findings.add(variable, 0, "", "unknown variable"
                        + (nearest == null ? " (docs/settings.md lists those that exist)" : " (did you mean " + nearest + "?)"));
            }
        });
    }

    /// The first of the key's variables that says something about it.
    private void takeAlias(Keys.Key key, Map<String, String> environment) {
        for (var alias : key.aliases()) {
            var value = isSet(alias, environment) ? ThreescaleForms.of(alias, key.name(), environment.getOrDefault(alias, "")) : null;
            if (value != null) {
                given.put(key.name(), new Given(value, alias, 0));
                return;
            }
        }
    }

    /// An empty variable is one that is not set, but for the one that means something.
    private static boolean isSet(String variable, Map<String, String> environment) {
        return !environment.getOrDefault(variable, "").isEmpty()
                || variable.equals("APICAST_CONFIGURATION_CACHE") && environment.containsKey(variable);
    }

    private void takePinnedVersions(Map<String, String> environment) {
        var pinned = new TreeMap<String, String>();
        environment.forEach((variable, version) -> {
            var matcher = PINNED.matcher(variable);
            if (matcher.matches() && !version.isEmpty()) {
                pinned.put(matcher.group(1), version);
            }
        });
        if (!pinned.isEmpty()) {
            given.put("gateway.portal.versions", new Given(pinned.entrySet().stream().map(Object::toString).collect(Collectors.joining(",")),
                    "APICAST_SERVICE_<id>_CONFIGURATION_VERSION", 0));
        }
    }

    private void takeOverrides(List<String> overrides) {
        for (var override : overrides) {
            int equals = override.indexOf('=');
            if (equals <= 0) {
                findings.add("--set", 0, override, "has no value (expected: key=value, e.g. gateway.listen=127.0.0.1:8080)");
                continue;
            }
            var name = override.substring(0, equals).strip();
            if (keys.containsKey(name)) {
                given.put(name, new Given(override.substring(equals + 1).strip(), "--set", 0));
            } else {
                var nearest = Nearest.to(name, keys.keySet());
                findings.add("--set", 0, name, "unknown key"
                        + (nearest == null ? " (docs/settings.md lists those that exist)" : " (did you mean " + nearest + "?)"));
            }
        }
    }

    private Object build(Class<?> type, String prefix) {
        RecordComponent[] components = type.getRecordComponents();
        @Nullable Object[] values = new @Nullable Object[components.length];
        for (int i = 0; i < components.length; i++) {
            var name = prefix + Keys.name(components[i]);
            var key = keys.get(name);
            values[i] = key == null ? build(components[i].getType(), name + ".") : value(key);
        }
        var made = construct(type, components, values);
        if (made instanceof Checked checked) {
            checked.check(new Complaints(prefix, given, findings));
        }
        return made;
    }

    private @Nullable Object value(Keys.Key key) {
        var written = given.get(key.name());
        if (written != null && !isOff(key, written.text())) {
            var value = written.text().isEmpty() ? null : key.type().parse().apply(written.text());
            if (value != null) {
                return value;
            }
            boolean secret = key.javaType() == Secret.class;
            findings.add(written.source(), written.line(), key.name(),
                    (written.text().isEmpty() ? "is empty" : secret ? "is not valid" : written.text())
                            + " (expected: " + key.type().expected() + ")");
        } else if (written != null) {
            return null;
        }
        var usual = key.setting().value();
        return usual.isEmpty() ? null : key.type().parse().apply(usual);
    }

    private static boolean isOff(Keys.Key key, String text) {
        return key.javaType() == ListenAddress.class && text.equals("off");
    }

    private static Object construct(Class<?> type, RecordComponent[] components, @Nullable Object[] values) {
        var types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.getSimpleName() + " is not a settings record", e);
        }
    }
}
