package io.tollkeeper.app.settings;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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

    /// `connectTimeout` is written `connect-timeout`.
    static String name(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    static String variable(String key) {
        return "TOLLKEEPER_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
