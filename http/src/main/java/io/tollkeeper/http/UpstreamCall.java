package io.tollkeeper.http;

/// A call under way, made by [UpstreamPool#call]. On its loop only.
public interface UpstreamCall {

    /// Gives up: the connection is closed unless it has not been used yet. Nothing is called afterwards. Harmless after
    /// the call's end. The same happens by itself when the sink of the answer's body can take no more (its client left).
    void cancel();

    /// What is known of the call so far; the same object throughout the call.
    UpstreamFacts facts();
}
