package io.tollkeeper.compat.fuzz;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/// All targets by name. A name is also a folder of the corpus, `src/test/resources/fuzz/NAME`.
final class FuzzTargets {

    private static final Map<String, Supplier<FuzzTarget>> ALL = all();

    private FuzzTargets() {}

    private static Map<String, Supplier<FuzzTarget>> all() {
        var all = new LinkedHashMap<String, Supplier<FuzzTarget>>();
        all.put("query", ParamsTarget::query);
        all.put("form", ParamsTarget::form);
        all.put("multipart", ParamsTarget::multipart);
        all.put("options", OptionsTarget::new);
        all.put("timestamp", TimestampsTarget::new);
        all.put("usage", UsageTarget::new);
        all.put("path", PathTarget::new);
        all.put("internal", InternalApiTarget::new);
        all.put("call", CallTarget::new);
        all.put("gateway", GatewayTarget::new);
        all.put("http2", Http2Target::new);
        all.put("normal-path", NormalPathTarget::new);
        return all;
    }

    static Map<String, Supplier<FuzzTarget>> byName() {
        return ALL;
    }

    static FuzzTarget named(String name) {
        var target = ALL.get(name);
        if (target == null) {
            throw new IllegalArgumentException("fuzz target: " + name + " (expected one of " + ALL.keySet() + ")");
        }
        return target.get();
    }
}
