package io.tollkeeper.gateway.exchange;

/// How a product's calls are authorized for a while and reported together (gateway specification, section 12.1).
///
/// @param remembered   nanoseconds for which a decision holds; 0: until the process ends
/// @param reportEvery  nanoseconds between two reports
public record Batching(long remembered, long reportEvery) {}
