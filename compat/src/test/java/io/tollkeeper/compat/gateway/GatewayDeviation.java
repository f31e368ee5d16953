package io.tollkeeper.compat.gateway;

import java.nio.file.Path;
import java.util.List;

import tools.jackson.databind.json.JsonMapper;

/// A difference that is meant.
///
/// @param request number of the request, from 1; 0 for the start
/// @param field   how the difference begins: `status`, `body`, `upstream`, `service management`
/// @param reason  why ours is better, with the row of the specification's section 0
record GatewayDeviation(String name, int request, String field, String reason) {

    static List<GatewayDeviation> read(Path file) {
        return JsonMapper.shared().readTree(file).valueStream()
                .map(row -> new GatewayDeviation(row.path("case").stringValue(), row.path("request").intValue(),
                        row.path("field").stringValue(), row.path("reason").stringValue()))
                .toList();
    }
}
