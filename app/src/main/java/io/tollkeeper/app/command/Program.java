package io.tollkeeper.app.command;

import java.util.List;

import io.tollkeeper.app.declaration.Configuration;
import io.tollkeeper.app.settings.Role;

/// The program as the commands that start it see it: something that starts, says what it does, and stops. Blocks.
public interface Program {

    /// What it runs.
    Role role();

    /// Starts everything, or nothing.
    ///
    /// @param sources asked again at every reload
    Started start(Configuration configuration, Sources sources);

    /// What became of the start.
    sealed interface Started {
        record Up(Running running) implements Started {}

        /// The lines are for a person: what stands in the way and what to do.
        record Refused(List<String> lines) implements Started {}
    }

    /// A program that runs.
    interface Running {

        /// What listens where, and calls to paste.
        List<String> greeting();

        /// Lets calls under way finish, writes what is counted, closes. Blocks until done.
        void stop();
    }
}
