package io.tollkeeper.app.settings;

/// A settings record whose values must fit together. Checks tell everything that is wrong and change nothing.
interface Checked {
    void check(Complaints complain);
}
