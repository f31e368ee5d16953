package io.tollkeeper.meter.internalapi;

import java.nio.charset.StandardCharsets;

import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Headers;
import io.tollkeeper.http.Response;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What the Internal API answers. Immutable; the body is not to be changed.
public final class InternalAnswer {

    private static final HeaderName CONTENT_TYPE = HeaderName.of("content-type");
    private static final HeaderName CONTENT_TYPE_OPTIONS = HeaderName.of("x-content-type-options");
    private static final HeaderName AUTHENTICATE = HeaderName.of("www-authenticate");
    private static final HeaderName CASCADE = HeaderName.of("x-cascade");
    private static final byte[] NOTHING = {};

    private enum Form { JSON, UNKNOWN_ROUTE, VERSION, BAD_AUTHENTICATION, UNAUTHORIZED }

    private final int status;
    private final byte[] body;
    private final Form form;

    private InternalAnswer(int status, byte[] body, Form form) {
        this.status = status;
        this.body = body;
        this.form = form;
    }

    static InternalAnswer of(int status, ObjectNode json) {
        return new InternalAnswer(status, json.toString().getBytes(StandardCharsets.UTF_8), Form.JSON);
    }

    /// With JSON that is a text already.
    static InternalAnswer of(int status, String json) {
        return new InternalAnswer(status, json.getBytes(StandardCharsets.UTF_8), Form.JSON);
    }

    static InternalAnswer empty(int status) {
        return new InternalAnswer(status, NOTHING, Form.JSON);
    }

    /// `{"status":"…"}`.
    static InternalAnswer word(int status, String word) {
        return of(status, object().put("status", word));
    }

    /// `{"status":"…","error":"…"}`.
    static InternalAnswer error(int status, String word, String error) {
        return of(status, object().put("status", word).put("error", error));
    }

    /// `{"error":"…"}`.
    static InternalAnswer error(int status, String error) {
        return of(status, object().put("error", error));
    }

    static InternalAnswer notFound(String error) {
        return error(404, "not_found", error);
    }

    static InternalAnswer badRequest(String error) {
        return error(400, "error", error);
    }

    static InternalAnswer missing(String parameter) {
        return badRequest("missing parameter '" + parameter + "'");
    }

    static InternalAnswer unknownRoute() {
        return new InternalAnswer(404, notFound("Not found").body, Form.UNKNOWN_ROUTE);
    }

    static InternalAnswer version(String compatibleWith) {
        ObjectNode json = object().put("status", "ok");
        json.putObject("version").put("backend", compatibleWith);
        return new InternalAnswer(200, of(200, json).body, Form.VERSION);
    }

    /// Another scheme than Basic.
    static InternalAnswer wrongScheme() {
        return new InternalAnswer(400, NOTHING, Form.BAD_AUTHENTICATION);
    }

    static InternalAnswer unauthorized() {
        return new InternalAnswer(401, NOTHING, Form.UNAUTHORIZED);
    }

    /// A body beyond the limit.
    public static InternalAnswer tooLarge(int limit) {
        return badRequest("the body is larger than " + limit + " bytes");
    }

    static InternalAnswer overloaded() {
        return error(503, "error", "too many requests to the Internal API are under way, try again");
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    public int status() {
        return status;
    }

    public byte[] body() {
        return body;
    }

    /// The text of an error; what was answered otherwise.
    String reason() {
        return Json.textOf(body, "error");
    }

    /// Whether this is the answer to `/internal/status`.
    public boolean isStatus() {
        return form == Form.VERSION;
    }

    /// Adds the headers that go with it to an answer ([Response]) in the making.
    public void addTo(Headers headers) {
        switch (form) {
            case BAD_AUTHENTICATION -> headers.add(CONTENT_TYPE, "text/plain");
            case UNAUTHORIZED -> {
                headers.add(CONTENT_TYPE, "text/plain");
                headers.add(AUTHENTICATE, "Basic realm=\"\"");
            }
            case JSON, UNKNOWN_ROUTE, VERSION -> {
                headers.add(CONTENT_TYPE, "application/json");
                headers.add(CONTENT_TYPE_OPTIONS, "nosniff");
                if (form == Form.UNKNOWN_ROUTE) {
                    headers.add(CASCADE, "pass");
                }
            }
        }
    }

    @Override
    public String toString() {
        return status + " " + new String(body, StandardCharsets.UTF_8);
    }

    /// Fails a request from within the code that reads it.
    static final class Refusal extends RuntimeException {
        private final transient InternalAnswer answer;

        Refusal(InternalAnswer answer) {
            super(answer.toString(), null, false, false);
            this.answer = answer;
        }

        InternalAnswer answer() {
            return answer;
        }
    }

    /// Refuses what is not there.
    static <T> T required(@Nullable T value, InternalAnswer otherwise) {
        if (value == null) {
            throw new Refusal(otherwise);
        }
        return value;
    }
}
