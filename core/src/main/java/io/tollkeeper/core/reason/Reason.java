package io.tollkeeper.core.reason;

import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import static io.tollkeeper.core.reason.Domain.CLIENT;
import static io.tollkeeper.core.reason.Domain.CLIENT_NETWORK;
import static io.tollkeeper.core.reason.Domain.CONFIG;
import static io.tollkeeper.core.reason.Domain.DNS;
import static io.tollkeeper.core.reason.Domain.GATEWAY;
import static io.tollkeeper.core.reason.Domain.IDENTITY_PROVIDER;
import static io.tollkeeper.core.reason.Domain.SERVICE_MANAGEMENT;
import static io.tollkeeper.core.reason.Domain.UPSTREAM;
import static io.tollkeeper.core.reason.Domain.UPSTREAM_NETWORK;

/// Every refusal and failure that Tollkeeper can answer or record: stable code, whose turn it is, status, public
/// sentence and the first thing to try. Immutable; read from any thread.
///
/// | column | meaning |
/// |---|---|
/// | code | stable once released; the word that logs, metrics and `explain` use |
/// | domain | whose turn it is; an upstream is named only where the record holds evidence from its side |
/// | status | what the gateway answers unless the product says otherwise; 0 = never answered, only recorded |
/// | proxy error | error type of RFC 9209 for `Proxy-Status`, or none |
/// | sentence | for the public: no addresses, no names of hosts |
/// | fix | first line for operators |
/// | meter code, status | what the Service Management API answers; none where the meter cannot produce it |
public enum Reason {
    // ---- the client's side of the wire
    MALFORMED("C-MALFORMED", CLIENT, 400, "http_request_error",
            "The request is not valid HTTP.",
            "Mend the line or header that broke; the record shows its offset and the offending byte."),
    HEADERS_TOO_LARGE("C-HEADERS-TOO-LARGE", CLIENT, 400, "http_request_error",
            "The request headers are too large.",
            "Shrink the largest header (often a cookie or a token) or raise the limit for headers."),
    TOO_MANY_HEADERS("C-TOO-MANY-HEADERS", CLIENT, 400, "http_request_error",
            "The request has too many headers.",
            "Send fewer headers or raise the limit for their number."),
    URI_TOO_LONG("C-URI-TOO-LONG", CLIENT, 414, "http_request_error",
            "The request line is too long.",
            "Shorten the URL (move data into the body) or raise the limit for the request line."),
    BODY_TOO_LARGE("C-BODY-TOO-LARGE", CLIENT, 413, "http_request_error",
            "The request body is too large.",
            "Send a smaller body or raise the limit for request bodies."),
    SLOW("C-SLOW", CLIENT_NETWORK, 408, null,
            "The request did not arrive in time.",
            "Check the client's network; the record shows how many bytes arrived until the head was given up."),
    BODY_SLOW("C-BODY-SLOW", CLIENT_NETWORK, 408, null,
            "The request body arrived too slowly.",
            "Check the client's network, or lower the minimum rate for bodies."),
    BODY_IDLE("C-BODY-IDLE", CLIENT_NETWORK, 408, null,
            "The request body stopped arriving.",
            "Check the client's network, or raise the time allowed between two pieces of a body."),
    ABORTED("C-ABORTED", CLIENT, 499, null,
            "The client left before the answer was complete.",
            "If the client gave up after its own timeout, the upstream is slow: compare the waiting time in the record."),

    // ---- finding the product and the rule
    NO_HOST("R-NO-HOST", CONFIG, 404, "destination_not_found",
            "No API is served under this host name.",
            "Add the host to a product, or correct the client's host; the record names the nearest host known."),
    METHOD_NOT_ALLOWED("R-METHOD", CLIENT, 405, "http_request_denied",
            "This method is not allowed.",
            "TRACE and CONNECT are never passed on; use another method."),
    NO_MAPPING_RULE("R-NO-MAPPING-RULE", CONFIG, 404, "http_request_denied",
            "No mapping rule matched.",
            "Add a mapping rule for this method and path, or fix the pattern that comes closest."),
    NO_UPSTREAM("R-NO-UPSTREAM", CONFIG, 404, "destination_not_found",
            "This API has no upstream.",
            "Set the address of the API behind this product (api_backend)."),

    // ---- who is calling
    NO_CREDENTIALS("A-NO-CREDENTIALS", CLIENT, 401, "http_request_denied",
            "Authentication parameters missing.",
            "Send the credentials where this product looks for them; the record lists the places and names."),
    USER_KEY_INVALID("A-KEY-UNKNOWN", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "This user key belongs to no application of this product; check for another product's key or a typing error.",
            "user_key_invalid", 403),
    APPLICATION_NOT_FOUND("A-APP-UNKNOWN", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "No application of this product has this id; check letter case, blanks and the product.",
            "application_not_found", 404),
    APPLICATION_KEY_INVALID("A-KEY-INVALID", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The application exists but the key is missing or is none of its keys; add the key or send one of them.",
            "application_key_invalid", 409),
    APPLICATION_NOT_ACTIVE("A-APP-NOT-ACTIVE", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The application is suspended or waits for approval; make its state active.",
            "application_not_active", 409),
    SERVICE_NOT_ACTIVE("A-PRODUCT-NOT-ACTIVE", CONFIG, 403, "http_request_denied",
            "Authentication failed.",
            "The product is suspended; make its state active.",
            "service_not_active", 409),
    REFERRER_NOT_ALLOWED("A-REFERRER", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The referrer is missing or matches no filter of the application; add a filter or send the right referrer.",
            "referrer_not_allowed", 409),
    REDIRECT_URL_INVALID("A-REDIRECT-URL", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "redirect_url must equal the one stored with the application, byte for byte.",
            "redirect_url_invalid", 409),
    REDIRECT_URI_INVALID("A-REDIRECT-URI", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "redirect_uri must equal the one stored with the application, byte for byte.",
            "redirect_uri_invalid", 409),
    OAUTH_NOT_ENABLED("A-OAUTH-OFF", CONFIG, 403, "http_request_denied",
            "Authentication failed.",
            "An oauth_ endpoint was called for a product in another mode; use the plain endpoint or set the mode to oauth.",
            "oauth_not_enabled", 409),
    AUTHENTICATION_ERROR("A-BOTH-CREDENTIALS", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Send either app_id or user_key, not both.",
            "authentication_error", 403),

    // ---- tokens of OpenID providers
    TOKEN_MALFORMED("A-JWT-MALFORMED", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Send the access token as the provider gave it (three parts joined by dots), not an opaque or encrypted one."),
    TOKEN_ALGORITHM("A-JWT-ALG", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Let the provider sign with an accepted algorithm, or add the token's to the provider's list of supported ones."),
    TOKEN_KEY_UNKNOWN("A-JWT-KID-UNKNOWN", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The token may come from another realm; if the provider has a new key, look whether it publishes it at its jwks_uri."),
    TOKEN_KEY_ALGORITHM("A-JWT-KEY-ALG", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The key that the token names is for another algorithm: a mistake of the provider, or an attempt to deceive."),
    TOKEN_SIGNATURE("A-JWT-SIG", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The token was changed on its way or signed by somebody else; look whether the realm was made anew under old key names."),
    TOKEN_ISSUER("A-JWT-ISS", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "iss must equal the configured issuer byte for byte; a slash at its end or another host name makes it another one."),
    TOKEN_CLAIM("A-JWT-CLAIM", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Let the provider put iss, sub, aud and exp into its access tokens."),
    TOKEN_EXPIRED("A-JWT-EXPIRED", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The client has to ask for a new token in time; a few seconds of difference are what gateway.jwt.leeway is for."),
    TOKEN_NOT_YET_VALID("A-JWT-NBF", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "The token is for later; if it is new, compare the clocks of provider and gateway, or set gateway.jwt.leeway."),
    TOKEN_SKEW("A-JWT-SKEW", GATEWAY, 403, "http_request_denied",
            "Authentication failed.",
            "The clocks of provider and gateway differ: mend time synchronisation on both, or set gateway.jwt.leeway meanwhile."),
    TOKEN_TYPE("A-JWT-TYP", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Send the access token; ID tokens and refresh tokens are for other purposes."),
    TOKEN_CLIENT("A-JWT-CLIENT", CONFIG, 403, "http_request_denied",
            "Authentication failed.",
            "Name a claim of the token that holds the application's id, or let the provider add that claim."),
    ISSUER_UNREACHABLE("A-IDP-UNREACHABLE", IDENTITY_PROVIDER, 403, "destination_unavailable",
            "Authentication failed.",
            "The provider's keys could not be fetched: open its discovery document from the gateway's machine; status tells the last error."),
    ISSUER_MISSING("A-IDP-MISSING", CONFIG, 403, "proxy_configuration_error",
            "Authentication failed.",
            "Name the provider of this product: an issuer URL, or issuer, algorithms and keys in the document."),
    OAUTH_NATIVE("A-OAUTH-NATIVE", CONFIG, 501, "proxy_configuration_error",
            "This API's way to log in is not offered here.",
            "Native OAuth 2 is gone (3scale's gateway lost it too): let an OpenID provider issue the tokens, authentication_method oidc."),

    // ---- how much
    LIMIT("L-LIMIT", CLIENT, 429, "http_request_denied",
            "Limits exceeded.",
            "Wait until the period ends, or raise this limit of the application's plan.",
            "limits_exceeded", 409),
    METRIC_INVALID("L-METRIC-UNKNOWN", CONFIG, 403, "http_request_denied",
            "Authentication failed.",
            "The usage names a metric that the product does not have; the record names the nearest one.",
            "metric_invalid", 404),
    USAGE_VALUE_INVALID("L-USAGE-VALUE", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "A usage value is a number, or # and a number, at most 9223372036854775807.",
            "usage_value_invalid", 403),

    // ---- the meter's own doors
    BAD_REQUEST("M-BAD-REQUEST", CLIENT, 0, null,
            "The request could not be read.",
            "Correct the parameters as the message says; sending the same request again will fail again.",
            "bad_request", 400),
    NOT_VALID_DATA("M-NOT-UTF8", CLIENT, 0, null,
            "All data must be valid UTF-8.",
            "Encode parameters as UTF-8 before percent-encoding them.",
            "not_valid_data", 422),
    CONTENT_TYPE_INVALID("M-CONTENT-TYPE", CLIENT, 0, null,
            "The content type is not a form.",
            "Send reports as application/x-www-form-urlencoded or multipart/form-data.",
            "content_type_invalid", 400),
    CALLER_CREDENTIALS_REQUIRED("M-NO-CALLER-CREDENTIALS", CLIENT, 0, null,
            "Provider key or service token are required.",
            "Send service_token and service_id, or provider_key.",
            "provider_key_or_service_token_required", 403),
    SERVICE_ID_MISSING("M-SERVICE-ID-MISSING", CLIENT, 0, null,
            "Service ID is missing.",
            "A service token is only valid together with its service_id.",
            "service_id_missing", 422),
    SERVICE_TOKEN_INVALID("M-SERVICE-TOKEN", CLIENT, 0, null,
            "The service token or the service id is invalid.",
            "Check that the token was made for this service id; a token is good for one service only.",
            "service_token_invalid", 403),
    PROVIDER_KEY_INVALID_OR_SERVICE_MISSING("M-PROVIDER-KEY-OR-SERVICE", CLIENT, 0, null,
            "The provider key is invalid or the service id is missing.",
            "Correct the provider key, or name the service: this key has no default service.",
            "provider_key_invalid_or_service_missing", 403),
    PROVIDER_KEY_INVALID("M-PROVIDER-KEY", CLIENT, 0, null,
            "The provider key is invalid.",
            "Correct the provider key; it takes precedence over a service token, so do not send both.",
            "provider_key_invalid", 403),
    SERVICE_ID_INVALID("M-SERVICE-ID", CLIENT, 0, null,
            "The service id is invalid.",
            "Name a service that exists and belongs to this provider key.",
            "service_id_invalid", 403),
    END_USERS_NO_LONGER_SUPPORTED("M-END-USERS", CLIENT, 0, null,
            "End-users are no longer supported.",
            "Do not send user_id.",
            "end_users_no_longer_supported", 400),
    USAGE_NOT_A_MAP("M-USAGE-FORMAT", CLIENT, 0, null,
            "Usage must name metrics.",
            "Send usage[metric]=value instead of usage=value.",
            null, 403),
    TRANSACTIONS_BLANK("M-TRANSACTIONS-BLANK", CLIENT, 0, null,
            "The report holds no transactions.",
            "Send transactions[0][app_id]=…&transactions[0][usage][metric]=value.",
            "transactions_is_blank", 400),
    TRANSACTIONS_FORMAT_INVALID("M-TRANSACTIONS-FORMAT", CLIENT, 0, null,
            "The transactions of the report are not well formed.",
            "Each transaction is a map under its own key: transactions[0][…], transactions[1][…].",
            "transactions_format_invalid", 400),
    TRANSACTION_NIL("M-TRANSACTION-NIL", CLIENT, 0, null,
            "The report holds an empty transaction.",
            "Give every transaction at least app_id or user_key, and usage.",
            "transactions_has_nil_transaction", 400),
    TRANSACTION_TOO_OLD("M-TRANSACTION-OLD", CLIENT, 0, null,
            "A transaction is too old.",
            "Report within 24 hours; timestamps are UTC unless they carry an offset, numbers are seconds.",
            "transaction_timestamp_too_old", 0),
    TRANSACTION_TOO_NEW("M-TRANSACTION-NEW", CLIENT, 0, null,
            "A transaction lies in the future.",
            "Check the reporter's clock; timestamps are seconds, not milliseconds, and at most one hour ahead.",
            "transaction_timestamp_too_new", 0),
    METER_NOT_FOUND("M-NOT-FOUND", CLIENT, 0, null,
            "There is nothing at this path.",
            "Check path, method, letter case and trailing slash.",
            null, 404),
    STORE_UNWRITABLE("STORE-UNWRITABLE", SERVICE_MANAGEMENT, 503, "proxy_internal_error",
            "Usage cannot be recorded at the moment.",
            "The journal cannot be written (disk full or broken): free space in the data folder; it recovers by itself.",
            "service_unavailable", 503),
    OVERLOAD("OVERLOAD", SERVICE_MANAGEMENT, 503, "proxy_internal_error",
            "Too much usage waits to be recorded.",
            "The journal's queue is full: the disk is slower than the calls; look at its sync times.",
            "service_unavailable", 503),
    STORE_UNREADABLE("STORE-UNREADABLE", SERVICE_MANAGEMENT, 503, "proxy_internal_error",
            "Applications cannot be read at the moment.",
            "The store cannot be read (disk broken, file damaged): look at the log around this time.",
            "service_unavailable", 503),
    METER_OVERLOAD("M-OVERLOAD", SERVICE_MANAGEMENT, 503, "proxy_internal_error",
            "Too many applications wait to be loaded.",
            "Too many different applications or ids at once: look for a client that sends random keys.",
            "service_unavailable", 503),
    FORMS_OVERLOAD("M-FORMS-OVERLOAD", SERVICE_MANAGEMENT, 0, null,
            "Too many large forms are being received.",
            "Forms of all connections share 64 MiB of memory: look for a client that sends large bodies, or sends them slowly.",
            "service_unavailable", 503),

    // ---- reaching the meter
    METER_TIMEOUT("S-TIMEOUT", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management did not answer in time.",
            "Look at the meter's load and its disk; if the record shows that it could not even connect, at firewalls."),
    METER_REFUSED("S-REFUSED", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management cannot be reached.",
            "Nothing listens at the meter's address: start the meter, or correct the product's backend endpoint."),
    METER_UNROUTABLE("S-UNROUTABLE", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management cannot be reached.",
            "There is no route to the meter's address: check routes and networks of the gateway's machine."),
    METER_DNS("S-DNS", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management cannot be reached.",
            "The meter's name has no usable address: check the product's backend endpoint, then the resolver."),
    METER_TLS("S-TLS", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management cannot be reached.",
            "TLS with the meter failed; the record says how. A port that speaks plain HTTP needs http:// in the endpoint."),
    METER_CLOSED("S-CLOSED", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management did not answer.",
            "The meter closed the connection without a whole answer: look for its crash, its restart, or a proxy between."),
    METER_PROTOCOL("S-PROTOCOL", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management gave no usable answer.",
            "What answers at the meter's address does not speak HTTP: the first bytes in the record tell what it is."),
    METER_STATUS("S-STATUS", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management has an error.",
            "The meter (or a proxy before it) answered with a server error: look into its log."),
    METER_BUSY("S-BUSY", SERVICE_MANAGEMENT, 503, "destination_unavailable",
            "Service management is busy.",
            "All connections to the meter are in use: it answers too slowly for so many calls."),
    METER_TOKEN("S-TOKEN", CONFIG, 403, "http_request_denied",
            "Authentication failed.",
            "Service management does not know this gateway's service token or provider key: correct it in the product's configuration."),
    METER_DENIED("A-DENIED", CLIENT, 403, "http_request_denied",
            "Authentication failed.",
            "Service management refused without saying why: an unknown key or application, or a wrong service token."),

    // ---- names
    DNS_NXDOMAIN("D-NXDOMAIN", DNS, 503, "dns_error",
            "The upstream's name does not exist.",
            "Check the name in the product's upstream address, and the search list."),
    DNS_SERVFAIL("D-SERVFAIL", DNS, 503, "dns_error",
            "The name server could not resolve the upstream's name.",
            "The resolver answered with a failure: check it, and the name's delegation."),
    DNS_TIMEOUT("D-TIMEOUT", DNS, 503, "dns_timeout",
            "The name server did not answer in time.",
            "Check that the resolver is reachable from the gateway (UDP and TCP port 53)."),
    DNS_EMPTY("D-EMPTY", DNS, 503, "dns_error",
            "The upstream's name has no usable address.",
            "The name exists but has no address of the wanted family; add an A record or switch dns.ipv6 on."),
    DNS_STALE_USED("D-STALE-USED", DNS, 0, null,
            "An expired address was used.",
            "The resolver fails; the last good answer serves for up to an hour. Mend the resolver before it ends."),

    // ---- the upstream
    UPSTREAM_REFUSED("U-REFUSED", UPSTREAM, 502, "connection_refused",
            "The upstream refused the connection.",
            "Nothing listens on this port: start the upstream or correct the port."),
    UPSTREAM_CONNECT_TIMEOUT("U-CONNECT-TIMEOUT", UPSTREAM_NETWORK, 504, "connection_timeout",
            "The upstream could not be reached in time.",
            "No answer to the connection attempt: look for a firewall or security group between gateway and upstream."),
    UPSTREAM_UNROUTABLE("U-UNROUTABLE", UPSTREAM_NETWORK, 502, "destination_ip_unroutable",
            "There is no route to the upstream.",
            "Check routes and networks of the gateway's machine."),
    UPSTREAM_TLS_EXPIRED("U-TLS-CERT-EXPIRED", UPSTREAM, 502, "tls_certificate_error",
            "The upstream's certificate has expired.",
            "Renew the upstream's certificate (or mend the clock of the gateway: the record shows both dates)."),
    UPSTREAM_TLS_NAME("U-TLS-CERT-NAME", UPSTREAM, 502, "tls_certificate_error",
            "The upstream's certificate is for another name.",
            "Use a name from the certificate as the upstream's host, or set the host rewrite to one of them."),
    UPSTREAM_TLS_CHAIN("U-TLS-CERT-CHAIN", UPSTREAM, 502, "tls_certificate_error",
            "The upstream's certificate is not trusted.",
            "Add the issuing authority to the trusted certificates, or let the upstream send its intermediate certificates."),
    UPSTREAM_TLS_PROTOCOL("U-TLS-PROTOCOL", UPSTREAM, 502, "tls_protocol_error",
            "No TLS connection to the upstream was possible.",
            "The port may speak plain HTTP (use http://), or no common TLS version or cipher exists."),
    UPSTREAM_TLS_ALERT("U-TLS-ALERT", UPSTREAM, 502, "tls_alert_received",
            "The upstream refused the TLS handshake.",
            "The alert number in the record tells why: often a client certificate is wanted, or the server name is unknown."),
    UPSTREAM_TLS_SETTINGS("U-TLS-SETTINGS", CONFIG, 502, "proxy_configuration_error",
            "The gateway cannot speak TLS to the upstream.",
            "Correct the file that the record names: trusted certificates, or our own certificate and key."),
    UPSTREAM_STALE_REUSE("U-STALE-REUSE", UPSTREAM, 502, "connection_terminated",
            "The upstream closed the connection.",
            "Set the pool's idle time below the time after which this upstream closes."),
    UPSTREAM_RESET_EARLY("U-RESET-EARLY", UPSTREAM, 502, "connection_terminated",
            "The upstream closed the connection without an answer.",
            "The upstream crashed on this request, or its port speaks another protocol."),
    UPSTREAM_RESET_LATE("U-RESET-LATE", UPSTREAM, 502, "connection_terminated",
            "The upstream broke the connection in the middle of its answer.",
            "A reset after the first bytes: look for a crash or a kill of the upstream, or a device between that gave up."),
    UPSTREAM_PROTOCOL("U-PROTOCOL", UPSTREAM, 502, "http_protocol_error",
            "The upstream's answer is not valid HTTP.",
            "The first bytes in the record tell what the port speaks: TLS there means use https://."),
    UPSTREAM_HEADERS_TOO_LARGE("U-RESPONSE-HEADERS-TOO-LARGE", UPSTREAM, 502, "http_response_header_section_size",
            "The upstream's response headers are too large.",
            "Shrink the largest response header, or raise the limit for upstream headers."),
    UPSTREAM_BODY_TOO_LARGE("U-RESPONSE-TOO-LARGE", UPSTREAM, 502, "http_response_body_size",
            "The answer is too large.",
            "What was asked for its configuration or keys sent more than such an answer may have: look what answers at this address."),
    UPSTREAM_FIRST_BYTE_TIMEOUT("U-FIRST-BYTE-TIMEOUT", UPSTREAM, 504, "http_response_timeout",
            "The upstream did not answer in time.",
            "The request was sent completely and nothing came back: look at the upstream's own latency."),
    UPSTREAM_IDLE_TIMEOUT("U-IDLE-TIMEOUT", UPSTREAM, 504, "http_response_timeout",
            "The upstream stopped in the middle of its answer.",
            "The answer began and then stalled: look at the upstream, or raise the time allowed between bytes."),
    UPSTREAM_TOTAL_TIMEOUT("U-TOTAL-TIMEOUT", CONFIG, 504, "http_response_timeout",
            "The call took longer than allowed.",
            "Raise the total timeout of this upstream, or make it faster; the record shows where the time went."),
    UPSTREAM_SEND_TIMEOUT("U-REQUEST-SEND-TIMEOUT", UPSTREAM, 504, "connection_write_timeout",
            "The upstream did not take the request in time.",
            "The upstream stopped reading: it is overloaded or waits for something else."),
    UPSTREAM_TRUNCATED("U-TRUNCATED", UPSTREAM, 502, "http_response_incomplete",
            "The upstream's answer was cut short.",
            "The upstream closed before the announced end: look for its crash, restart or own timeout."),
    UPSTREAM_STATUS("U-STATUS", UPSTREAM, 0, null,
            "The upstream answered with an error of its own.",
            "The status was written by the upstream and passed on unchanged: look into its log by request id."),
    UPSTREAM_POOL_EXHAUSTED("U-POOL-EXHAUSTED", CONFIG, 503, "connection_limit_reached",
            "Too many connections to the upstream.",
            "All allowed connections are busy: raise the limit, or look why the upstream holds them so long."),
    PROXY_UNREACHABLE("U-PROXY-UNREACHABLE", UPSTREAM_NETWORK, 503, "destination_unavailable",
            "The proxy before the upstream could not be reached.",
            "Check the proxy's address (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) and that it runs; NO_PROXY names hosts to call directly."),
    PROXY_REFUSED("U-PROXY-REFUSED", UPSTREAM_NETWORK, 503, "destination_unavailable",
            "The proxy before the upstream refused the connection.",
            "The record shows the proxy's status: its rules may forbid host or port, or it cannot reach them itself."),
    PROXY_AUTHENTICATION("U-PROXY-AUTHENTICATION", CONFIG, 503, "proxy_configuration_error",
            "The proxy before the upstream asks for authentication.",
            "Put user and password into the proxy's address: http://user:password@proxy:port."),
    TUNNEL_IDLE("U-TUNNEL-IDLE", CONFIG, 0, null,
            "The connection was idle for too long.",
            "Let client or server send something now and then (a WebSocket ping), or raise the time that tunnels may be idle."),

    // ---- the gateway itself
    DRAINING("G-DRAINING", GATEWAY, 503, "proxy_internal_error",
            "This gateway is shutting down.",
            "Send requests to another node; this one was told to stop."),
    INTERNAL("G-INTERNAL", GATEWAY, 500, "proxy_internal_error",
            "Something went wrong in the gateway.",
            "This is a defect of ours: report it with the request id and the log around it."),
    PRODUCT_BROKEN("G-PRODUCT-BROKEN", CONFIG, 503, "proxy_configuration_error",
            "This API is not available at the moment.",
            "The product's configuration was refused and there is no earlier form to serve by: run check on it."),
    HOST_NOT_LOADED("G-CONFIG-NOT-LOADED", CONFIG, 404, "proxy_configuration_error",
            "No API is served under this host name at the moment.",
            "The portal did not give the configuration of this host: the record tells what it answered."),
    CONFIG_STALE("G-CONFIG-STALE", CONFIG, 0, null,
            "An older configuration was used.",
            "The portal does not answer as it should: tollkeeper status tells since when, and how old the configuration is.");

    private static final Map<String, Reason> BY_CODE = new HashMap<>();

    static {
        for (Reason reason : values()) {
            BY_CODE.put(reason.code, reason);
        }
    }

    private final String code;
    private final Domain domain;
    private final int status;
    private final @Nullable String proxyError;
    private final String sentence;
    private final String fix;
    private final @Nullable String meterCode;
    private final int meterStatus;

    Reason(String code, Domain domain, int status, @Nullable String proxyError, String sentence, String fix) {
        this(code, domain, status, proxyError, sentence, fix, null, 0);
    }

    Reason(
            String code,
            Domain domain,
            int status,
            @Nullable String proxyError,
            String sentence,
            String fix,
            @Nullable String meterCode,
            int meterStatus) {
        this.code = code;
        this.domain = domain;
        this.status = status;
        this.proxyError = proxyError;
        this.sentence = sentence;
        this.fix = fix;
        this.meterCode = meterCode;
        this.meterStatus = meterStatus;
    }

    public String code() {
        return code;
    }

    public Domain domain() {
        return domain;
    }

    /// What the gateway answers unless the product says otherwise; 0 = recorded only.
    public int status() {
        return status;
    }

    /// Error type of RFC 9209 for `Proxy-Status`.
    public @Nullable String proxyError() {
        return proxyError;
    }

    /// For the public: no addresses, no names of hosts.
    public String sentence() {
        return sentence;
    }

    /// First line for operators.
    public String fix() {
        return fix;
    }

    /// 3scale's word for it (`application_not_found`), as in `<error code="…">` or the rejection header.
    public @Nullable String meterCode() {
        return meterCode;
    }

    /// HTTP status of the meter's answer; 0 = the meter never answers with it.
    public int meterStatus() {
        return meterStatus;
    }

    /// A rejection is answered with the `<status>` document, everything else of the meter with `<error>`.
    public boolean isRejection() {
        return meterStatus == 409;
    }

    /// Finds a reason by its code (`U-STALE-REUSE`); none if there is no such code.
    public static @Nullable Reason ofCode(String code) {
        return BY_CODE.get(code);
    }
}
