package io.tollkeeper.core.event;

/// An event on its way to the disk, with what has to be remembered about its application so that it does not happen
/// again: a journal row carries those that it caused, and both commit together.
///
/// @param application Application.number()
/// @param before what the event replaces in [NoticeState]: the last day with traffic, or when the bin was announced last;
///     [NoticeState#NEVER] if there is none
public record Notice(long application, Event event, long before) {}
