package io.tollkeeper.http;

import io.tollkeeper.core.reason.Reason;

/// Hears how a call goes. On the call's loop; must not block. After [#failed] or [#ended] nothing more is called.
public interface UpstreamHandler {

    /// A head that is the answer (not a swallowed 1xx). The handler lets `response.body()` flow or discards it. If there
    /// is no body, the call has ended when this returns.
    void answered(UpstreamResponse response);

    /// The answer arrived completely and its body was taken by its sink.
    void ended();

    /// There will be no (complete) answer. If [#answered] was called before, the body's sink has been failed already.
    ///
    /// @param evidence facts for the operator: addresses, sizes, times, first bytes; never for the client
    void failed(Reason reason, String evidence);
}
