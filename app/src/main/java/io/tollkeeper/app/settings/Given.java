package io.tollkeeper.app.settings;

/// The text somebody wrote for a setting, and where. Immutable.
///
/// @param source file name, name of the variable, or `--set`
/// @param line   0 where the source has no lines
record Given(String text, String source, int line) {}
