package io.tollkeeper.meter;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What a method and path of the Service Management API stand for. Pure function; the usual spelling costs a comparison
/// of strings, any other is decoded and cleaned of `//`, `.` and `..` first.
enum Route {
    AUTHORIZE,
    AUTHREP,
    OAUTH_AUTHORIZE,
    OAUTH_AUTHREP,
    REPORT,
    STATUS,
    CHECK,
    AVAILABLE,
    OPTIONS,
    INTERNAL,
    UNKNOWN;

    boolean isAuthrep() {
        return this == AUTHREP || this == OAUTH_AUTHREP;
    }

    boolean isOauth() {
        return this == OAUTH_AUTHORIZE || this == OAUTH_AUTHREP;
    }

    /// Finds the route. HEAD is answered wherever GET is.
    static Route of(String method, String path) {
        if (method.equals("OPTIONS")) {
            return OPTIONS;
        }
        String plain = isUnusual(path) ? normalised(path) : path;
        return isInternal(plain) ? INTERNAL : exactly(method, plain);
    }

    private static boolean isInternal(String path) {
        return path.startsWith("/internal") && (path.length() == 9 || path.charAt(9) == '/');
    }

    private static Route exactly(String method, String path) {
        boolean get = method.equals("GET") || method.equals("HEAD");
        return switch (path) {
            case "/transactions/authrep.xml" -> get ? AUTHREP : UNKNOWN;
            case "/transactions/authorize.xml" -> get ? AUTHORIZE : UNKNOWN;
            case "/transactions/oauth_authrep.xml" -> get ? OAUTH_AUTHREP : UNKNOWN;
            case "/transactions/oauth_authorize.xml" -> get ? OAUTH_AUTHORIZE : UNKNOWN;
            case "/transactions.xml" -> method.equals("POST") ? REPORT : UNKNOWN;
            case "/status" -> get ? STATUS : UNKNOWN;
            case "/check.txt" -> get ? CHECK : UNKNOWN;
            case "/available" -> method.equals("HEAD") ? AVAILABLE : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private static boolean isUnusual(String path) {
        return path.indexOf('%') >= 0 || path.contains("//") || path.contains("/.");
    }

    private static String normalised(String path) {
        String decoded = decoded(path);
        List<String> segments = new ArrayList<>();
        for (String segment : decoded.split("/")) {
            if (segment.equals("..")) {
                if (!segments.isEmpty()) {
                    segments.removeLast();
                }
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.add(segment);
            }
        }
        String joined = "/" + String.join("/", segments);
        return decoded.endsWith("/") && joined.length() > 1 ? joined + "/" : joined;
    }

    /// Percent-encoded bytes become characters (Latin-1); a percent sign that encodes nothing stays.
    static String decoded(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        int out = 0;
        for (int in = 0; in < bytes.length; in++) {
            byte c = bytes[in];
            if (c == '%' && in + 2 < bytes.length) {
                int high = Character.digit(bytes[in + 1], 16);
                int low = Character.digit(bytes[in + 2], 16);
                if (high >= 0 && low >= 0) {
                    c = (byte) (high << 4 | low);
                    in += 2;
                }
            }
            bytes[out++] = c;
        }
        return new String(bytes, 0, out, StandardCharsets.ISO_8859_1);
    }
}
