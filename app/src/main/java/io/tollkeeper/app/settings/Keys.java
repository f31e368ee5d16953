package io.tollkeeper.app.settings;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/// The keys of [Settings], found by walking its records. Immutable.
final class Keys {

    /// One key.
    ///
    /// @param name     e.g. `upstream.connect-timeout`
    /// @param variable e.g. `TOLLKEEPER_UPSTREAM_CONNECT_TIMEOUT`
    record Key(String name, String variable, Class<?> javaType, Setting setting) {
        ValueType type() {
            return ValueType.of(javaType);
        }

        /// Variables of 3scale's that mean it, the first that is set counts.
        List<String> aliases() {
            return setting.alias().isEmpty() ? List.of() : List.of(setting.alias().split(",", -1));
        }
    }

    static final List<Key> ALL = List.copyOf(collect(Settings.class, "", new ArrayList<>()));

    private Keys() {}

    private static List<Key> collect(Class<?> record, String prefix, List<Key> into) {
        for (var component : record.getRecordComponents()) {
            var name = prefix + name(component);
            var setting = component.getAnnotation(Setting.class);
            if (setting == null) {
                collect(component.getType(), name + ".", into);
            } else {
                into.add(new Key(name, variable(name), component.getType(), setting));
            }
        }
        return into;
    }

    /// The keys whose values differ between two readings.
    static List<String> differing(Settings one, Settings other) {
        var differing = new ArrayList<String>();
        compare(one, other, "", differing);
        return differing;
    }

    private static void compare(Record one, Record other, String prefix, List<String> differing) {
        for (var component : one.getClass().getRecordComponents()) {
            var name = prefix + name(component);
            var left = read(component, one);
            var right = read(component, other);
            if (component.getAnnotation(Setting.class) == null && left instanceof Record l && right instanceof Record r) {
                compare(l, r, name + ".", differing);
            } else if (!Objects.equals(left, right)) {
                differing.add(name);
            }
        }
    }

    private static @Nullable Object read(RecordComponent component, Record from) {
        try {
            return component.getAccessor().invoke(from);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(from.getClass().getSimpleName() + " is not a settings record", e);
        }
    }

    /// `connectTimeout` is written `connect-timeout`.
    static String name(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    static String variable(String key) {
        return "TOLLKEEPER_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
