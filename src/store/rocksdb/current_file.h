// RocksDB's file CURRENT, which names the manifest in use. RocksDB replaces it in one step, so that damage in it is no
// power cut's; the manifests beside it tell what it should say. Used by the thread that opens a store.
#pragma once

#include <optional>
#include <string>

namespace store {

// Whether files of a database are in `path`, with or without CURRENT.
bool has_database(const std::string& path);

// What a process that was ended while it made the database has left there, before anything could be written to it: the
// first manifest without a CURRENT, no table and no log. Taken away, so that a database can be made there.
void remove_unfinished_database(const std::string& path);

// The errno of a CURRENT that is there and cannot be opened, which says nothing of its content; else 0.
int unreadable_current(const std::string& path);

// The file name of the newest manifest in `path`, if there is one and CURRENT is gone or names none that is there.
std::optional<std::string> manifest_to_name(const std::string& path);

// Makes CURRENT name `manifest`, durably. False if that could not be written; errno says why.
bool write_current(const std::string& path, const std::string& manifest);

}  // namespace store
