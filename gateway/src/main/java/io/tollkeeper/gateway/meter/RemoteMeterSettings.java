package io.tollkeeper.gateway.meter;

import java.nio.file.Path;

import io.tollkeeper.gateway.exchange.Caching;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.ForwardProxies;
import org.jspecify.annotations.Nullable;

/// How a meter over HTTP is asked, as far as a product does not say otherwise. Immutable.
///
/// @param endpointOverride  base URL of the meter for all products instead of their own; null: their own
/// @param caching           what becomes of decisions where no caching policy says
/// @param responseCodes     whether reports carry the status that the client got (`log[code]`)
/// @param firstCall         how a call is counted whose decision is not known yet
/// @param unreachableStatus what a client is answered if the meter cannot decide
/// @param userAgent         value of `User-Agent`
/// @param tls               for `https` meters
/// @param proxies           through which meters are reached
/// @param cacheBytes        room for decisions; the ones used least recently leave first
/// @param queuedReports     reports that may wait to be sent; beyond it a call waits for its own
/// @param spool             folder for counts that a meter of ours does not have yet; null: such a meter is asked for
///                          every call, as 3scale's are
/// @param spoolBytes        room for these
/// @param batchBytes        room for usage that batching products have not handed in yet
public record RemoteMeterSettings(
        @Nullable String endpointOverride,
        Caching caching,
        boolean responseCodes,
        FirstCall firstCall,
        UnreachableStatus unreachableStatus,
        String userAgent,
        ClientTls tls,
        ForwardProxies proxies,
        int cacheBytes,
        int queuedReports,
        int batchBytes,
        @Nullable Path spool,
        long spoolBytes) {

    /// How the first call of a key is authorized and counted.
    public enum FirstCall {
        /// One authrep, which cannot carry a response code: as the original.
        AUTHREP,
        /// An authorize, then a report with the response code when the call is over.
        AUTHORIZE_THEN_REPORT
    }

    /// What a client gets whose call could not be decided.
    public enum UnreachableStatus {
        /// The product's answer to failed authentication, 403: as the original.
        AS_3SCALE,
        /// 503 with `Retry-After`.
        SERVICE_UNAVAILABLE
    }

    /// As 3scale's gateway behaves by default.
    public static final RemoteMeterSettings DEFAULT = new RemoteMeterSettings(
            null,
            Caching.STRICT,
            false,
            FirstCall.AUTHREP,
            UnreachableStatus.AS_3SCALE,
            "Tollkeeper",
            ClientTls.VERIFIED,
            ForwardProxies.NONE,
            30 * 1024 * 1024,
            10_000,
            20 * 1024 * 1024,
            null,
            1024L * 1024 * 1024);

    public RemoteMeterSettings endpointOverride(@Nullable String value) {
        return new RemoteMeterSettings(value, caching, responseCodes, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings caching(Caching value) {
        return new RemoteMeterSettings(endpointOverride, value, responseCodes, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings responseCodes(boolean value) {
        return new RemoteMeterSettings(endpointOverride, caching, value, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings firstCall(FirstCall value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, value, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings unreachableStatus(UnreachableStatus value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, value, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings userAgent(String value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, value, tls, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings tls(ClientTls value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, userAgent, value, proxies, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings proxies(ForwardProxies value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, userAgent, tls, value, cacheBytes, queuedReports, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings queuedReports(int value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, value, batchBytes, spool, spoolBytes);
    }

    public RemoteMeterSettings batchBytes(int value) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, value, spool, spoolBytes);
    }

    public RemoteMeterSettings spool(@Nullable Path folder) {
        return new RemoteMeterSettings(endpointOverride, caching, responseCodes, firstCall, unreachableStatus, userAgent, tls, proxies, cacheBytes, queuedReports, batchBytes, folder, spoolBytes);
    }
}
