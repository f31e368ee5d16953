package io.tollkeeper.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/// What tells whether files are still what they were when they were read: another time, size or inode is another file.
/// Immutable. Taking one blocks.
record FileStamp(List<String> marks) {

    static FileStamp of(List<Path> files) {
        List<String> marks = new ArrayList<>(files.size());
        for (Path file : files) {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                marks.add(now.lastModifiedTime() + " " + now.size() + " " + now.fileKey());
            } catch (IOException e) {
                marks.add("not readable: " + e.getClass().getSimpleName());
            }
        }
        return new FileStamp(List.copyOf(marks));
    }

    /// The files among these.
    static List<Path> files(@Nullable Pem... pems) {
        List<Path> files = new ArrayList<>();
        for (Pem pem : pems) {
            if (pem instanceof Pem.File(var path)) {
                files.add(path);
            }
        }
        return files;
    }
}
