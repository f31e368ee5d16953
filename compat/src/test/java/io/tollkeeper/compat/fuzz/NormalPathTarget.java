package io.tollkeeper.compat.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

import io.tollkeeper.gateway.rules.NormalPath;
import org.jspecify.annotations.Nullable;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// A path's normal form is that of a slow second implementation, is its own normal form, and has no dots, double slashes
/// or bytes that want escaping left.
final class NormalPathTarget implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        var path = "/" + new String(input, StandardCharsets.ISO_8859_1);
        if (path.indexOf('\0') >= 0) {
            return; // no request line carries it
        }
        var normal = NormalPath.of(path);
        same(path, String.valueOf(normal), String.valueOf(reference(path)));
        if (normal == null) {
            require(NormalPath.fault(path).startsWith("path: "), "fault", NormalPath.fault(path), "a sentence");
            return;
        }
        same("normal form of " + normal, String.valueOf(NormalPath.of(normal)), normal);
        require(normal.startsWith("/") && !(normal + "/").contains("/../") && !(normal + "/").contains("/./") && !normal.contains("//")
                && normal.chars().allMatch(c -> c > ' ' && c < 0x7F), "normal form", normal, "a plain path");
    }

    private static @Nullable String reference(String path) {
        var decoded = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%') {
                var digits = path.substring(i + 1, Math.min(path.length(), i + 3));
                if (!digits.matches("[0-9A-Fa-f]{2}") || digits.equals("00")) {
                    return null;
                }
                c = (char) Integer.parseInt(digits, 16);
                i += 2;
            }
            decoded.append(c);
        }
        var kept = new ArrayList<String>();
        var segments = decoded.substring(1).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            var segment = segments[i];
            boolean last = i == segments.length - 1;
            if (segment.equals("..")) {
                if (kept.isEmpty()) {
                    return null;
                }
                kept.removeLast();
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                kept.add(segment);
                continue;
            }
            if (last) {
                kept.add("");
            }
        }
        var text = new StringBuilder();
        for (char c : ("/" + String.join("/", kept)).toCharArray()) {
            text.append(c <= ' ' || c >= 0x7F || "\"#%<>?\\^`{|}".indexOf(c) >= 0 ? "%%%02X".formatted((int) c) : String.valueOf(c));
        }
        return text.toString();
    }
}
